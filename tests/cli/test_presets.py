"""`--preset` and `distill presets`, on a stranger's type that makes presets of its own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import distill_core as distill_python
import pytest
from distill_core.header import read_header
from distill_core.modelfile import raw_bytes, read_model_file, write_model_file
from distill_core.registry import environment
from distill_core.strict import dump

from ..conftest import Result
from ..plugins import importable

Distill = Callable[..., Result]


@pytest.fixture(scope="module", autouse=True)
def _installed() -> Iterator[None]:
    """Install the stranger's plugin beside the real ones."""
    with importable("good"):
        environment.cache_clear()
        yield
    environment.cache_clear()


@pytest.fixture(scope="module")
def trained(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train the stranger's type; read-only for tests."""
    out = tmp_path_factory.mktemp("hush") / "hush.distill"
    return distill_python.train(pack, "hush", out=out, steps=2, seed=1).model


@pytest.fixture
def model(trained: Path, tmp_path: Path) -> Path:
    """Copy the model, to be changed."""
    return Path(shutil.copy(trained, tmp_path / "hush.distill"))


def take(distill: Distill, model: Path, *words: object) -> dict[str, Any]:
    """Make a short take; give its recipe."""
    out = model.parent / "takes"
    done = distill("generate", model, "-o", out, "--duration", "0.1", "--json", *words)
    assert done.code == 0, done.err
    sidecar = Path(json.loads(done.out)["takes"][0]["sidecar"])
    told: dict[str, Any] = json.loads(sidecar.read_text(encoding="utf-8"))
    return told


def test_generate_starts_from_a_preset(distill: Distill, model: Path) -> None:
    """The recipe holds the settings themselves, and where they came from."""
    recipe = take(distill, model, "--preset", "low and high", "--tilt", "low=1")
    assert recipe["preset"] == "low and high"
    assert recipe["settings"]["tilt"] == {"low": 1.0, "high": -0.25}
    assert recipe["settings"]["loudness"] == 0.5
    assert "preset" not in take(distill, model)


def test_a_setting_may_be_the_path_of_a_file(distill: Distill, model: Path) -> None:
    """The recipe tells it; an empty one, as an unset variable makes, is none."""
    assert take(distill, model, "--score", "kick.wav")["settings"]["score"] == "kick.wav"
    error(distill("generate", model, "--score", ""), 2, "--score: '' is not a path")


def test_an_unknown_preset_ends_with_the_nearest(distill: Distill, model: Path) -> None:
    """Exit 2, before anything is made."""
    done = distill("generate", model, "--preset", "sotf", "-o", model.parent / "takes")
    assert (done.code, done.out) == (2, "")
    assert "There is no preset 'sotf'" in done.err
    assert "Did you mean soft? It has: low and high, soft." in done.err
    assert not (model.parent / "takes").exists()


def test_a_model_without_presets_ignores_the_flag(
    distill: Distill, kit: Path, tmp_path: Path
) -> None:
    """A script that plays many models is not stopped by one of them."""
    words = ("--preset", "soft", "--duration", "0.1", "--json")
    done = distill("generate", kit, "-o", tmp_path / "takes", *words)
    assert done.code == 0, done.err
    assert "Warning: --preset: kit has no presets. Ignored." in done.err
    sidecar = Path(json.loads(done.out)["takes"][0]["sidecar"])
    assert "preset" not in json.loads(sidecar.read_text(encoding="utf-8"))


def words(path: Path) -> dict[str, str]:
    """Give a model file's words that saving a preset has no business with."""
    told = dict(read_header(path).told)
    del told["digest"], told["presets"]
    return told


def presets(distill: Distill, model: Path) -> dict[str, tuple[str, dict[str, Any]]]:
    """List a model's presets: source and settings, by name."""
    done = distill("presets", "list", model, "--json")
    assert done.code == 0, done.err
    rows = json.loads(done.out)["presets"]
    assert all(set(row) == {"name", "source", "settings"} for row in rows)
    return {row["name"]: (row["source"], row["settings"]) for row in rows}


def error(done: Result, code: int, says: str) -> None:
    """Hold a failure against its code and words: one line, nothing on stdout."""
    assert (done.code, done.out) == (code, ""), done.err
    assert done.err.splitlines()[-1].startswith("Error: ")
    assert says in done.err.splitlines()[-1]
    assert "Traceback" not in done.err


def test_a_saved_preset_is_listed_played_and_removed(distill: Distill, model: Path) -> None:
    """All of its life, and the file keeps everything else bit for bit."""
    before, parts = words(model), read_model_file(model).parts()
    saved = distill("presets", "save", model, "full on", "--loudness", "1", "--tilt", "low=-0.5")
    assert saved.code == 0, saved.err
    assert saved.out == f"Saved full on in {model}: loudness 1, tilt low=-0.5\n"
    assert f"Next: distill generate {model} --preset 'full on'" in saved.err
    kept = {"loudness": 1.0, "tilt": {"low": -0.5}}
    assert presets(distill, model)["full on"] == ("user", kept)
    assert json.loads(distill("info", model, "--json").out)["presets"] == {"full on": kept}
    recipe = take(distill, model, "--preset", "full on", "--loudness", "0.25")
    assert recipe["settings"]["loudness"] == 0.25
    assert recipe["settings"]["tilt"] == {"low": -0.5}
    gone = distill("presets", "remove", model, "full on")
    assert (gone.code, gone.out) == (0, f"Removed full on (user) from {model}\n")
    assert "full on" not in presets(distill, model)
    assert words(model) == before
    after = read_model_file(model).parts()
    assert {
        (part, name): raw_bytes(tensor)
        for part, tensors in parts.items()
        for name, tensor in tensors.items()
    } == {
        (part, name): raw_bytes(tensor)
        for part, tensors in after.items()
        for name, tensor in tensors.items()
    }


def test_without_a_word_for_what_to_do_it_says_which_there_are(distill: Distill) -> None:
    """One line, and no page of help behind an Error."""
    error(distill("presets"), 2, "Say what to do: save, list or remove.")


def test_presets_for_people_stand_in_a_table(distill: Distill, model: Path) -> None:
    """A line each: what it is called, where it is from, what it sets."""
    lines = distill("presets", "list", model).out.splitlines()
    assert lines[0].split() == ["name", "source", "settings"]
    assert lines[1].split() == ["low", "and", "high", "data", "tilt", "high=-0.25", "low=0.5"]
    assert lines[2].split() == ["soft", "data", "loudness", "0.1"]


def test_a_name_that_is_taken_is_kept_without_force(distill: Distill, model: Path) -> None:
    """A name made from the data, too, is hidden only when that is meant; and it comes back."""
    error(
        distill("presets", "save", model, "soft", "--loudness", "0.9"), 2, "Replace it with --force"
    )
    assert distill("presets", "save", model, "soft", "--loudness", "0.9", "--force").code == 0
    assert presets(distill, model)["soft"] == ("user", {"loudness": 0.9})
    assert distill("presets", "remove", model, "soft").code == 0
    assert presets(distill, model)["soft"] == ("data", {"loudness": 0.1})
    assert distill("presets", "remove", model, "soft").code == 0
    assert list(presets(distill, model)) == ["low and high"]
    extras = read_header(model).extras["hush"]
    assert (set(extras["presets"]), extras["steps"]) == ({"low and high"}, 2)
    error(distill("presets", "remove", model, "soft"), 2, "There is no preset 'soft'")


def test_a_takes_settings_become_a_preset(distill: Distill, model: Path, tmp_path: Path) -> None:
    """A find is kept by its name; what is typed goes on top."""
    recipe = take(distill, model, "--loudness", "0.75", "--tilt", "low=0.5")
    beside = Path(recipe["path"]).with_suffix(".json")
    done = distill("presets", "save", model, "find", "--from", beside, "--tilt", "high=1")
    assert done.code == 0, done.err
    kept = {"loudness": 0.75, "tilt": {"low": 0.5, "high": 1.0}}
    assert presets(distill, model)["find"] == ("user", kept)
    other, none = tmp_path / "other.json", tmp_path / "none.json"
    other.write_text(json.dumps({"synthetic": True, "settings": {"temperature": 1}}))
    none.write_text("[1]")
    for path, says in (
        (other, "has other settings than hush: temperature: no such setting"),
        (none, "is no recipe of a take"),
        (tmp_path / "gone.json", "There is no recipe"),
        (Path(recipe["path"]), "is no recipe of a take"),
    ):
        error(distill("presets", "save", model, "x", "--from", path), 2, says)


@pytest.mark.parametrize("name", ["", "a=b", "a/b", "two\nlines", "x" * 61])
def test_a_name_that_cannot_be_shown_or_typed_is_refused(
    distill: Distill, model: Path, name: str
) -> None:
    """It has to fit on a line, and behind --preset."""
    done = distill("presets", "save", model, name, "--loudness", "1")
    error(done, 2, "A preset cannot be called")


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ([], "There is no setting to save"),
        (["--temperature", "1"], "There is no setting to save"),
        (["--loudness", "9"], "--loudness: 9 must lie between 0 and 1"),
        (["--tilt", "low=9"], "--tilt: low=9 must lie between -1 and 1"),
        (["--tilt", "low"], "--tilt: 'low' is not NAME=VALUE with a number for VALUE"),
        (["--tilt", "low=x"], "--tilt: 'low=x' is not NAME=VALUE with a number for VALUE"),
        (["--lodness", "1"], "Did you mean --loudness?"),
        (["--score", "kick.wav"], "--score: a preset cannot hold the path of a file"),
    ],
)
def test_what_cannot_be_saved_changes_nothing(
    distill: Distill, model: Path, typed: list[str], says: str
) -> None:
    """The file stays byte for byte."""
    before = model.read_bytes()
    error(distill("presets", "save", model, "x", *typed), 2, says)
    assert model.read_bytes() == before


def test_a_model_that_cannot_play_has_no_settings_to_save(
    distill: Distill, kit: Path, tmp_path: Path
) -> None:
    """A codec alone plays nothing; beside it its companion's settings are kept."""
    file, bare = read_model_file(kit), tmp_path / "bare.distill"
    told = file.header.told | {"companions": "{}", "has_prior": "false", "extras": "{}"}
    write_model_file(bare, told, {"vqvae": file.part("vqvae")})
    error(distill("presets", "save", bare, "x", "--temperature", "1"), 2, "nothing yet that plays")
    both = Path(shutil.copy(kit, tmp_path / "both.distill"))
    assert distill("presets", "save", both, "cold", "--temperature", "0.5").code == 0
    assert take(distill, both, "--preset", "cold")["settings"]["temperature"] == 0.5


def test_presets_are_listed_without_the_backend(
    distill: Distill, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The header alone tells them."""
    monkeypatch.setenv("DISTILL_BACKENDS", "")
    environment.cache_clear()
    try:
        assert set(presets(distill, model)) == {"soft", "low and high"}
        needs = "pip install distill-hush-fixture"
        error(distill("presets", "save", model, "x", "--loudness", "1"), 6, needs)
    finally:
        monkeypatch.undo()
        environment.cache_clear()


def test_a_strangers_presets_are_a_line_each(distill: Distill, model: Path) -> None:
    """However long, and whatever they hold."""
    file = read_model_file(model)
    evil = {
        "a\nb\x1b[2J": {"loudness": 0.5},
        "long" * 1000: {"x" * 5000: "y" * 5000, "deep": [[[1]] * 1000]},
    }
    write_model_file(model, file.header.told | {"presets": dump(evil)}, file.parts())
    done = distill("presets", "list", model)
    assert done.code == 0, done.err
    assert len(done.out.splitlines()) == 5
    assert max(map(len, done.out.splitlines())) < 300
    assert "\x1b" not in done.out
    assert distill("presets", "remove", model, "a\nb\x1b[2J").code == 0


def test_going_on_with_a_run_keeps_what_people_saved(
    distill: Distill, pack: Path, tmp_path: Path
) -> None:
    """Making a model longer writes it anew; its presets are its owner's."""
    model = tmp_path / "hush.distill"
    words = ("--type", "hush", "--steps", "2", "--seed", "1", "-o", model)
    assert distill("train", pack, *words).code == 0
    assert distill("presets", "save", model, "mine", "--loudness", "1").code == 0
    done = distill("train", "--resume", tmp_path / "hush.run", "--steps", "2")
    assert done.code == 0, done.err
    assert read_header(model).training["steps"] == 4
    assert presets(distill, model)["mine"] == ("user", {"loudness": 1.0})
    assert distill("train", pack, *words, "--force").code == 0
    assert "mine" not in presets(distill, model)  # another model, under the same name


def test_info_shows_what_was_learnt_and_which_presets_there_are(
    distill: Distill, model: Path
) -> None:
    """A stranger's sliders are shown without anything knowing what a slider is."""
    assert distill("presets", "save", model, "mine", "--loudness", "1").code == 0
    lines = distill("info", model).out.splitlines()
    assert "  presets     low and high, soft, mine" in lines
    at = lines.index("    sliders")
    assert lines[at + 1 : at + 3] == ["      low   variance 62.5 %", "      high  variance 25 %"]
    assert "    learnt    steps 2" in lines


HOSTILE: list[Any] = [
    {"sliders": [{"name": "x\ny\x1b[2J" * 30, "variance": 1e308, "deep": {"a": [1] * 9}}] * 500},
    {"sliders": [{"name": 5}, 7, None, {"name": "a", "variance": True, "b" * 9000: "c" * 9000}]},
    {"k" * 9000: "v\nw" * 9000, "n": 10**4000, "presets": {f"p{n}\n" * 99: 3 for n in range(999)}},
    {f"key {number}": number for number in range(2000)},
    {"presets": [1, 2], "sliders": {"name": "a"}},
    [1, 2],
    "text",
]


@pytest.mark.parametrize("extras", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_extras_stay_short_lines(distill: Distill, model: Path, extras: Any) -> None:
    """Whoever wrote the file may have written anything, at any length."""
    file = read_model_file(model)
    told = file.header.told | {"extras": dump({"hush": extras})}
    write_model_file(model, told, file.parts())
    done = distill("info", model)
    assert done.code == 0, done.err
    assert len(done.out.splitlines()) < 70
    assert all(len(line) < 400 for line in done.out.splitlines() if "file  " not in line)
    assert "\x1b" not in done.out


def test_infos_json_keeps_the_headers_own_words(distill: Distill, model: Path) -> None:
    """What a script reads is what the file says, and not what was made of it."""
    told = json.loads(distill("info", model, "--json").out)
    assert told["presets"] == {}
    assert told["extras"] == read_header(model).extras
    assert set(told["extras"]["hush"]["presets"]) == {"soft", "low and high"}


def test_a_companions_presets_are_the_ones_that_count_where_it_plays(
    distill: Distill, kit: Path, tmp_path: Path
) -> None:
    """The codec below it is not what is played; removing one leaves the other part's alone."""
    file, both = read_model_file(kit), tmp_path / "both.distill"
    made = {"cold": {"temperature": 0.5}, "safe": {"top_k": 4}}
    own = file.header.extras.get("prior", {}) | {"presets": made}
    extras = file.header.extras | {"prior": own, "vqvae": {"presets": {"cold": {}, "x": {}}}}
    write_model_file(both, file.header.told | {"extras": dump(extras)}, file.parts())
    assert presets(distill, both) == {name: ("data", made[name]) for name in made}
    assert take(distill, both, "--preset", "cold")["settings"]["temperature"] == 0.5
    assert distill("presets", "remove", both, "cold").code == 0
    assert set(presets(distill, both)) == {"safe"}
    assert set(read_header(both).extras["vqvae"]["presets"]) == {"cold", "x"}
    assert read_header(both).extras["prior"] == own | {"presets": {"safe": {"top_k": 4}}}
