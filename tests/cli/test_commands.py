"""The commands, as a person or a script meets them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors
import soundfile
from distill_core.modelfile import read_model_file, write_model_file

from ..conftest import TINY, Result

Distill = Callable[..., Result]


def test_scan_reports_each_file_in_the_promised_keys(
    distill: Distill, pack: Path, tmp_path: Path
) -> None:
    """Scripts read these names."""
    shutil.copytree(pack, tmp_path / "sounds")
    (tmp_path / "sounds" / "broken.wav").write_bytes(b"RIFF")
    (tmp_path / "sounds" / "notes.txt").write_text("not audio")
    result = distill("scan", tmp_path / "sounds", "--json")
    told = json.loads(result.out)
    assert result.code == 0
    assert (told["found"], told["used"], told["ignored"]) == (19, 18, 1)
    assert [each["path"] for each in told["skipped"]] == ["broken.wav"]
    assert len(told["held_out"]) == 2
    assert set(told) == {
        "found", "used", "padded", "ignored", "skipped", "seconds", "sample_rates", "channels",
        "held_out",
    }  # fmt: skip


def test_a_folder_without_sounds_exits_3_and_reports_all_the_same(
    distill: Distill, tmp_path: Path
) -> None:
    """A script must be able to tell it from a folder that is not there."""
    (tmp_path / "notes.txt").write_text("x")
    result = distill("scan", tmp_path, "--json")
    assert (result.code, json.loads(result.out)["ignored"]) == (3, 1)
    assert distill("train", tmp_path, "-o", tmp_path / "a.distill").code == 3
    assert distill("scan", tmp_path / "nowhere").code == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt"]


@pytest.mark.parametrize(("typed", "meant"), [("kit", "kit.distill"), ("drum", "Drums and more")])
def test_half_a_models_name_is_answered_with_the_whole(
    distill: Distill, kit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    typed: str, meant: str,
) -> None:  # fmt: skip
    """The suffix is what people leave out, and the end of a long name."""
    monkeypatch.chdir(kit.parent)
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    shelf = tmp_path / "models"
    shelf.mkdir()
    file = read_model_file(kit)
    write_model_file(
        shelf / "a.distill", file.header.told | {"name": "Drums and more"}, file.parts()
    )
    result = distill("info", typed)
    assert (result.code, result.out) == (2, "")
    assert f" Did you mean {meant}?" in result.err


def test_a_folder_for_a_file_and_a_file_for_a_folder_are_told(
    distill: Distill, kit: Path, pack: Path, tmp_path: Path
) -> None:
    """Each with what to name instead; nothing is written."""
    kick = next(pack.glob("kick*"))
    folder = distill("reconstruct", kit, pack, "-o", tmp_path / "again")
    assert (folder.code, folder.out) == (3, "")
    assert f"it is a folder; name the files in it, as {pack}/*" in folder.err
    for words in (["generate", kit], ["reconstruct", kit, kick]):
        file = distill(*words, "-o", kick)
        assert (file.code, file.err) == (2, f"Error: --out: {kick} is a file; name a folder.\n")
    assert not list(tmp_path.iterdir())


def test_one_is_no_plural(distill: Distill, pack: Path, tmp_path: Path) -> None:
    """Small, and the first thing that a person sees of a folder with one sound."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "notes.txt").write_text("x")
    none = distill("train", tmp_path / "a", "-o", tmp_path / "kit.distill")
    shutil.copy(next(pack.glob("pad*")), tmp_path / "a")
    scanned = distill("scan", tmp_path / "a")
    words = ["--steps", "1", "--only", *TINY[:-6]]
    made = distill("train", tmp_path / "a", "-o", tmp_path / "kit.distill", *words)
    told = distill("info", tmp_path / "kit.distill").out
    assert "(1 other file)" in none.err
    assert "1 sound file (1 other file ignored)" in scanned.out
    assert "after 1 step (" in made.err
    for part in ("1 channel\n", "from 1 clip,", "1 step, 1 epoch,"):
        assert part in told, told


def test_force_replaces_models_and_nothing_else(
    distill: Distill, pack: Path, kit: Path, tmp_path: Path
) -> None:
    """A slip in `-o` must not cost a sound that was recorded once; a damaged model may go."""
    words = ["--steps", "1", "--only", "--force", *TINY[:-6]]
    sound, damaged, bare = (tmp_path / name for name in ("kick.wav", "old.distill", "kit"))
    shutil.copy(next(pack.glob("kick*")), sound)
    before = sound.read_bytes()
    refused = distill("train", pack, "-o", sound, *words)
    assert (refused.code, refused.out, sound.read_bytes()) == (2, "", before)
    assert "kick.wav is no Distill model, so --force does not replace it." in refused.err
    damaged.write_bytes(b"no model any more")
    shutil.copy(kit, bare)
    for model in (damaged, bare):
        assert distill("train", pack, "-o", model, *words).code == 0
        assert distill("info", model).code == 0


def test_training_tells_its_events_in_order(distill: Distill, pack: Path, tmp_path: Path) -> None:
    """One `started` and one `done` a command, a `saved` per stage, health in every epoch."""
    model = tmp_path / "kit.distill"
    result = distill("train", pack, "-o", model, "--steps", "3", "--json", *TINY)
    assert result.code == 0, result.err
    events = [json.loads(line) for line in result.out.splitlines()]
    kinds = [each["event"] for each in events]
    assert kinds[0] == "started"
    assert kinds[-1] == "done"
    assert [kinds.count(kind) for kind in ("started", "saved", "done")] == [1, 2, 1]
    first, second = (
        next(each for each in events if each["event"] == "epoch" and each["stage"] == stage)
        for stage in ("vqvae", "prior")
    )
    for key in ("epoch", "train_loss", "held_out_loss", "lr", "eta", "step", "seconds"):
        assert key in first
        assert key in second
    assert [level["level"] for level in first["codebooks"]] == [0, 1, 2]
    assert {"utilization", "perplexity", "dead"} <= set(first["codebooks"][0])
    assert {"reconstruction_loss", "commitment_loss"} <= set(first)
    assert {"perplexity", "best_perplexity", "memorizing"} <= set(second)
    done = events[-1]
    assert done["model"] == str(model)
    assert set(done["held_out_loss"]) == {"vqvae", "prior"}
    journal = (tmp_path / "kit.run" / "events.jsonl").read_text().splitlines()
    assert [json.loads(line)["event"] for line in journal] == kinds
    assert set(events[0]["automatic"]) == {"vqvae", "prior"}


def test_an_existing_model_is_not_replaced_without_force(
    distill: Distill, pack: Path, kit: Path, tmp_path: Path
) -> None:
    """A model is hours of somebody's life."""
    model = Path(shutil.copy(kit, tmp_path / "kit.distill"))
    before = model.read_bytes()
    result = distill("train", pack, "-o", model, "--steps", "1")
    assert result.code == 2
    assert "--force" in result.err
    assert model.read_bytes() == before


def test_the_same_command_gives_the_same_bytes_under_new_names(
    distill: Distill, kit: Path, tmp_path: Path
) -> None:
    """Getting exactly that sound again is what users ask for first."""
    for _ in range(2):
        result = distill("generate", kit, "--count", "3", "--seed", "1", "-o", tmp_path)
        assert result.code == 0, result.err
    names = sorted(path.name for path in tmp_path.glob("*.wav"))
    assert names == sorted(f"kit-{seed}{again}.wav" for seed in (1, 2, 3) for again in ("", "-1"))
    for seed in (1, 2, 3):
        one, two = tmp_path / f"kit-{seed}.wav", tmp_path / f"kit-{seed}-1.wav"
        assert one.read_bytes() == two.read_bytes()
    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.glob("*.wav")}
    assert len(digests) == 3


def test_a_take_does_not_depend_on_how_many_were_asked_for(
    distill: Distill, kit: Path, tmp_path: Path
) -> None:
    """Seed 2 is seed 2."""
    distill("generate", kit, "--count", "3", "--seed", "1", "-o", tmp_path / "many")
    distill("generate", kit, "--seed", "2", "-o", tmp_path / "one")
    assert (tmp_path / "many/kit-2.wav").read_bytes() == (tmp_path / "one/kit-2.wav").read_bytes()


def test_generate_keeps_to_length_format_and_json(
    distill: Distill, kit: Path, tmp_path: Path
) -> None:
    """The line of the issue, to the letter."""
    result = distill(
        "generate", kit, "--temperature", "0.8", "--top-k", "50", "--top-p", "0.95",
        "--duration", "12", "--format", "flac", "--json", "-o", tmp_path,
    )  # fmt: skip
    assert result.code == 0, result.err
    (take,) = json.loads(result.out)["takes"]
    assert set(take) == {
        "path", "sidecar", "seed", "seconds", "sample_rate", "channels", "clipped",
    }  # fmt: skip
    assert take["seconds"] == 12.0
    info = soundfile.info(take["path"])
    assert (info.frames, info.samplerate, info.subtype) == (12 * 48_000, 48_000, "PCM_24")
    assert "Loaded kit: vqvae 2, prior: yes, device: cpu" in result.err
    assert "temperature 0.8" in result.err


@pytest.mark.parametrize(
    ("words", "subtype"),
    [
        (["--format", "wav", "--bit-depth", "16"], "PCM_16"),
        (["--format", "wav"], "PCM_24"),
        (["--format", "wav", "--bit-depth", "32"], "PCM_32"),
        (["--format", "flac", "--bit-depth", "16"], "PCM_16"),
        (["--format", "ogg"], "VORBIS"),
        (["--format", "mp3"], "MPEG_LAYER_III"),
    ],
)
def test_each_format_carries_the_sound_and_its_recipe(
    distill: Distill, kit: Path, tmp_path: Path, words: list[str], subtype: str
) -> None:
    """The tag must agree with the sidecar in every key that it has."""
    words = [*words, "--meta", "title=A kick", "--sample-rate", "44100"]
    told = ["--duration", "1.5", "--seed", "4", "-o", tmp_path, "--json"]
    result = distill("generate", kit, *told, *words)
    assert result.code == 0, result.err
    (take,) = json.loads(result.out)["takes"]
    with soundfile.SoundFile(take["path"]) as file:
        assert (file.subtype, file.samplerate) == (subtype, 44_100)
        tag = json.loads(file.comment)
        assert file.title == "A kick"
        samples = file.read()
    assert abs(len(samples) - 1.5 * 44_100) <= 2
    assert np.abs(samples).max() > 0
    sidecar = json.loads(Path(take["sidecar"]).read_text())
    assert {key: sidecar[key] for key in tag} == tag
    assert sidecar["synthetic"] is True
    assert len(np.array(sidecar["attached"][0])) == 3  # levels
    assert "attached" not in tag
    assert sidecar["settings"]["top_p"] == 0.9
    assert set(sidecar["model"]["parts"]) == {"vqvae", "prior"}


@pytest.mark.parametrize(
    "words",
    [
        ["--format", "flac", "--bit-depth", "32"],
        ["--format", "mp3", "--bit-depth", "24"],
        ["--format", "mp3", "--sample-rate", "96000"],
        ["--temperature", "3"],
        ["--top-k", "x"],
        ["--duration", "0"],
        ["--temperatur", "1"],
        ["--meta", "nothing"],
        ["--device", "abacus"],
    ],
)
def test_what_cannot_be_is_refused_in_one_line_and_nothing_is_written(
    distill: Distill, kit: Path, tmp_path: Path, words: list[str]
) -> None:
    """Exit code 2, and stdout empty."""
    result = distill("generate", kit, "-o", tmp_path / "takes", *words)
    assert (result.code, result.out) == (2, "")
    errors = [line for line in result.err.splitlines() if line.startswith("Error:")]
    assert len(errors) == 1
    assert "Traceback" not in result.err
    assert not list(tmp_path.rglob("*.*"))


def test_a_codec_without_what_plays_it_says_what_to_train(
    distill: Distill, pack: Path, tmp_path: Path
) -> None:
    """And reconstructs all the same."""
    model = tmp_path / "c.distill"
    assert distill("train", pack, "-o", model, "--steps", "2", "--only", *TINY[:10]).code == 0
    result = distill("generate", model)
    assert result.code == 2
    assert "Train a prior first: distill train-prior" in result.err
    wave, missing = min(pack.glob("pad*.wav")), tmp_path / "no.wav"
    result = distill("reconstruct", model, wave, missing, "-o", tmp_path / "r", "--json")
    assert result.code == 7
    told = json.loads(result.out)
    assert [each["path"] for each in told["failed"]] == [str(missing)]
    before, after = soundfile.info(wave), soundfile.info(told["files"][0]["out"])
    assert (before.frames, before.samplerate, before.channels) == (
        after.frames, after.samplerate, after.channels,
    )  # fmt: skip


def test_retraining_the_companion_leaves_the_codec_bit_identical(
    distill: Distill, pack: Path, kit: Path, tmp_path: Path
) -> None:
    """The line of the issue, to the letter; plain safetensors reads both."""
    model = Path(shutil.copy(kit, tmp_path / "kit.distill"))
    words = ["--steps", "2", "--encodings", "1", "--hidden-size", "16", "--layers", "1"]
    result = distill("train-prior", model, pack, "--seed", "9", *words)
    assert result.code == 0, result.err
    changed = 0
    with safetensors.safe_open(kit, "np") as old, safetensors.safe_open(model, "np") as new:
        for name in old.keys():  # noqa: SIM118 - it is no mapping
            if name.startswith("vqvae."):
                assert old.get_tensor(name).tobytes() == new.get_tensor(name).tobytes()
            else:
                changed += 1
    assert changed
    assert (tmp_path / "kit.prior.run" / "events.jsonl").exists()
    assert distill("generate", model, "--seed", "1", "-o", tmp_path / "t").code == 0


def test_info_tells_the_header_in_the_promised_kinds(distill: Distill, kit: Path) -> None:
    """Numbers are numbers and tables are tables."""
    told = json.loads(distill("info", kit, "--json").out)
    assert (told["version"], told["model_type"], told["has_prior"]) == (2, "vqvae", True)
    assert (told["sample_rate"], told["channels"]) == (48_000, 1)
    assert told["bytes"] == kit.stat().st_size
    assert set(told["parts"]) == {"vqvae", "prior"}
    training = told["companions"]["prior"]["training"]
    for key in ("epochs_trained", "final_perplexity", "best_perplexity", "training_date"):
        assert key in training
    assert told["training"]["held_out"]
    assert told["training"]["automatic"]["codebook_size"] == told["config"]["codebook_size"]
    assert "kit: vqvae 2" in distill("info", kit).out


def test_models_are_found_by_name_and_by_the_start_of_their_id(
    distill: Distill, kit: Path, own_home: Path
) -> None:
    """Nobody types a uuid."""
    shelf = own_home / "models"
    shelf.mkdir(exist_ok=True)
    shutil.copy(kit, shelf / "other.distill")
    try:
        ident = json.loads(distill("info", kit, "--json").out)["id"]
        for word in ("kit", "other", ident[:8]):
            assert json.loads(distill("info", word, "--json").out)["id"] == ident
        result = distill("info", "othr")
        assert result.code == 2
        assert "There is no model file othr" in result.err
    finally:
        shutil.rmtree(shelf)


def test_a_model_trained_without_out_goes_into_the_library(
    distill: Distill, pack: Path, own_home: Path
) -> None:
    """And is found there by its name."""
    words = ["--name", "shelf", "--steps", "1", "--only", *TINY[:10]]
    result = distill("train", pack, *words)
    assert result.code == 0, result.err
    assert (own_home / "models" / "shelf.distill").exists()
    assert json.loads(distill("info", "shelf", "--json").out)["name"] == "shelf"
    shutil.rmtree(own_home / "models")


def test_all_wrong_knobs_are_told_at_once_in_the_words_of_the_command(
    distill: Distill, pack: Path, tmp_path: Path
) -> None:
    """Also those of the second stage, under the name they have here."""
    result = distill(
        "train", pack, "-o", tmp_path / "a.distill",
        "--lr", "30", "--levels", "3.5", "--prior-dropout", "2",
    )  # fmt: skip
    assert result.code == 2
    for words in ("--lr: 30 must lie", "--levels: '3.5' is not", "--prior-dropout: 2 must lie"):
        assert words in result.err
    assert not list(tmp_path.iterdir())


def test_help_shows_the_knobs_with_ranges_and_defaults(distill: Distill, kit: Path) -> None:
    """With a model, those of what plays it; without, everyone's under a heading."""
    for words in (["generate", "--help"], ["generate", str(kit), "--help"]):
        text = " ".join(distill(*words).out.split())
        for flag in ("-t, --temperature", "--top-k", "--top-p", "--overlap"):
            assert flag in text
        assert "0.1 to 2; default: 1.0" in text
    text = distill("train", "--help").out
    assert "Settings of vqvae" in text
    assert "--prior-dropout" in text
    assert "default: auto" in text
    assert "--prior-dropout" not in distill("train", "--type", "vqvae", "--only", "--help").out
    assert "--hidden-size" in distill("train-prior", "--help").out


def test_what_is_not_there_yet_is_not_in_the_help(distill: Distill) -> None:
    """A feature must not exist only in a help text."""
    text = "".join(distill(name, "--help").out for name in ("train", "generate", "info", "scan"))
    later = (
        "--prompt",
        "--recipe",
        "--loop",
        "--card",
    )
    for flag in later:
        assert flag not in text


def test_ctrl_c_in_training_saves_a_usable_model_and_exits_130(
    distill: Distill, pack: Path, tmp_path: Path
) -> None:
    """Stop means saved and usable; everywhere else in the field it means lost."""
    model = tmp_path / "kit.distill"
    command = [
        sys.executable, "-m", "distill_cli", "train", str(pack), "-o", str(model),
        "--steps", "100000", "--json", *TINY,
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        assert json.loads(run.stdout.readline())["event"] == "started"
        while json.loads(run.stdout.readline())["event"] != "step":
            pass
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)
    assert run.returncode == 130, err
    assert json.loads(out.splitlines()[-1])["event"] == "saved"
    assert "Stopping" in err
    wave = next(iter(pack.glob("*.wav")))
    assert distill("reconstruct", model, wave, "-o", tmp_path / "r").code == 0


def test_python_gives_the_same_samples_twice(kit: Path) -> None:
    """The line of the issue, through the library."""
    import distill_core as d

    model = d.load(str(kit))
    one, two = (model.generate(duration=2, seed=7).audio for _ in range(2))
    assert one.samples.shape == (1, 96_000)
    assert one.samples.tobytes() == two.samples.tobytes()
    assert one.samples.dtype == np.float32
    codes = model.encode(one)
    assert codes.shape[:2] == (1, 3)
    assert model.decode(codes).samples.shape[1] == codes.shape[2] * 1024
    assert d.header(str(kit)).model_type == "vqvae"


def test_quiet_is_understood_before_and_after_the_command(
    distill: Distill, kit: Path, tmp_path: Path
) -> None:
    """People type it where they think of it."""
    for words in (["-q", "generate", kit], ["generate", kit, "-q"], ["generate", "-q", kit]):
        result = distill(*words, "-o", tmp_path, "--seed", "1", "--no-color")
        assert (result.code, result.err) == (0, "")
        assert result.out.count("\n") == 1


def test_options_may_come_from_the_environment(
    distill: Distill, kit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DISTILL_<COMMAND>_<OPTION>, also for knobs."""
    monkeypatch.setenv("DISTILL_GENERATE_TEMPERATURE", "0.5")
    monkeypatch.setenv("DISTILL_GENERATE_SEED", "11")
    result = distill("generate", kit, "-o", tmp_path)
    assert "temperature 0.5" in result.err
    assert (tmp_path / "kit-11.wav").exists()


def test_a_reader_that_leaves_early_is_no_error(kit: Path) -> None:
    """`distill info kit --json | head -1` must not end in a traceback."""
    command = f"{sys.executable} -m distill_cli info {kit} --json | head -1"
    done = subprocess.run(
        ["/bin/sh", "-c", command], capture_output=True, text=True, env=os.environ, check=False
    )
    assert done.stdout.startswith("{")
    assert done.stderr == ""
