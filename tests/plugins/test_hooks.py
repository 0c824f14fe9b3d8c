"""A hook that fails when it is asked: told in the plugin's name, in a line, with its traceback."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import distill_core as distill
import numpy as np
import pytest
import soundfile
from distill_core.configs import Configs, structure
from distill_core.errors import BackendError, ConfigError, DatasetError
from distill_core.header import Header
from distill_core.loading import detect
from distill_core.model_type import Facts
from distill_core.owner import Owner
from distill_core.registry import Registry

from . import bring, registry

RATE = 16_000
FACTS = Facts(clips=1, seconds=9.0, median_seconds=1.0, minutes=None, device="cpu")
NAMED = "distill-fickle-fixture 0.1.0 failed in "
HOOKS = ("distill_adapt", "distill_build", "distill_load", "distill_train", "distill_generate")


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    """Write three short sounds."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    for number in range(3):
        noise = np.random.default_rng(number).uniform(-0.5, 0.5, RATE // 4)
        soundfile.write(folder / f"{number}.wav", noise, RATE)
    return folder


def ask(owner: Owner, hook: str) -> Any:
    """Ask a hook with as little as makes sense; chunks are drawn at once."""
    kind = owner.type
    configs = Configs(structure(kind.model, {"width": 2}), structure(kind.training, {}))
    told: dict[str, dict[str, Any]] = {
        "distill_adapt": {"configs": configs, "facts": FACTS},
        "distill_build": {"config": configs.model, "host": None},
        "distill_load": {"file": None, "device": "cpu", "host": None},
        "distill_train": {"model": None, "config": configs, "run": None},
        "distill_generate": {
            "model": None, "config": None,
            "request": SimpleNamespace(rngs=[None], samples=3, channels=1),
        },
    }  # fmt: skip
    answer = owner.call(hook, **told[hook])
    return list(answer) if hook == "distill_generate" else answer


def fails(monkeypatch: pytest.MonkeyPatch, hook: str, action: str) -> BaseException:
    """Let one hook of the fickle plugin do something; give what comes out."""
    monkeypatch.setenv("FICKLE", f"{hook} {action}")
    with registry("good", "fickle") as found:
        try:
            ask(found.owner("fickle"), hook)
        except BaseException as error:
            return error
    pytest.fail(f"{hook} failed, and nobody was told")


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize(
    ("action", "told"),
    [
        ("raises", "ValueError: a fickle mood."),
        ("quits", "SystemExit: 0."),
        ("stops", "Stop: no further."),
        ("unlinks", "OSError: libfickle.so.7: cannot open shared object file."),
    ],
)
def test_whatever_a_hook_raises_is_told_in_its_plugins_name(
    monkeypatch: pytest.MonkeyPatch, hook: str, action: str, told: str
) -> None:
    """A traceback tells a musician nothing, and a plugin that quits must not look like success."""
    error = fails(monkeypatch, hook, action)
    assert isinstance(error, BackendError)
    assert error.exit_code == 6
    assert error.message == f"{NAMED}{hook}: {told}"
    assert "pip install --upgrade distill-fickle-fixture" in str(error.hint)
    assert "\n" not in str(error)
    assert type(error.__cause__).__name__ == told.partition(":")[0]  # for those who want more


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize(
    ("action", "kind"),
    [("complains", DatasetError), ("overflows", OSError), ("interrupts", KeyboardInterrupt)],
)
def test_what_the_user_can_mend_passes_as_it_is(
    monkeypatch: pytest.MonkeyPatch, hook: str, action: str, kind: type[BaseException]
) -> None:
    """A full disk, Ctrl-C and our own errors have their own exit codes."""
    assert type(fails(monkeypatch, hook, action)) is kind


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("action", ["exhausts", "fills"])
def test_too_little_memory_is_told_with_what_needs_less(
    monkeypatch: pytest.MonkeyPatch, hook: str, action: str
) -> None:
    """It is nobody's bug: a smaller batch or model will do."""
    error = fails(monkeypatch, hook, action)
    assert isinstance(error, ConfigError)
    assert "not enough memory" in error.message
    wanted = "--batch" if hook in {"distill_train", "distill_generate"} else "smaller model"
    assert wanted in str(error.hint)


@pytest.mark.parametrize(
    ("hook", "action", "told"),
    [
        ("distill_adapt", "number", "answers with a int, not with Configs"),
        ("distill_build", "number", "answers with a int, not with a torch module"),
        ("distill_build", "nothing", "answers with a NoneType, not with a torch module"),
        ("distill_load", "number", "answers with a int, not with a torch module"),
        ("distill_train", "number", "answers with a int, not with a table"),
        ("distill_train", "object", "its answer cannot be written as JSON"),
        ("distill_train", "nan", "its answer cannot be written as JSON"),
    ],
)
def test_nonsense_is_named_where_it_comes_from(
    monkeypatch: pytest.MonkeyPatch, hook: str, action: str, told: str
) -> None:
    """Further on it would be a fault of core's, in a place that the author never saw."""
    error = fails(monkeypatch, hook, action)
    assert isinstance(error, BackendError)
    assert error.message.startswith(f"{NAMED}{hook}: it")
    assert told in error.message


HEAD = """
import attrs, torch
import distill_hush_fixture as hush
from distill_core import Chunk, ModelType, Tokenizer, hookimpl

@hookimpl
def distill_model_types():
    told = dict(name="odd", provides=frozenset({PROVIDES}))
    return [attrs.evolve(hush.distill_model_types()[0], **told)]
"""


def odd(place: Path, source: str, provides: str = "") -> Path:
    """Install a backend that has only what `source` holds."""
    head = HEAD.replace("{PROVIDES}", f"[{provides}]")
    entries = "[distill.backends]\nodd = distill_odd\n"
    return bring(place, "distill-odd", head + source, entries)


@pytest.mark.parametrize("hook", ["distill_build", "distill_train", "distill_generate"])
def test_a_hook_that_is_not_there_is_told(tmp_path: Path, hook: str) -> None:
    """A type that promises to play and cannot; weights that nobody trained saved as a model."""
    with registry("good", odd(tmp_path, "")) as found:
        told = rf"distill-odd 1\.0 failed in {hook}: it has no such hook"
        with pytest.raises(BackendError, match=told):
            ask(found.owner("odd"), hook)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ("attrs.evolve(configs, model=configs.training)", r"its Configs\.model is a HushTraining"),
        (
            "attrs.evolve(configs, training=attrs.evolve(configs.training, lr=0.5))",
            r"it changes lr, which is 0\.01, to 0\.5",
        ),
        ("attrs.evolve(configs, model=None)", r"its Configs\.model is a NoneType"),
    ],
)
def test_adapting_fills_what_is_automatic_and_nothing_else(
    tmp_path: Path, changed: str, told: str
) -> None:
    """What the user gave is theirs."""
    source = f"@hookimpl\ndef distill_adapt(configs): return {changed}\n"
    raised = pytest.raises(BackendError, match=told)
    with registry("good", odd(tmp_path, source)) as found, raised:
        ask(found.owner("odd"), "distill_adapt")


def test_a_type_that_promises_what_its_network_is_not_is_told(tmp_path: Path) -> None:
    """A companion would be trained on it and fail, and be blamed."""
    source = "@hookimpl\ndef distill_build(config): return torch.nn.Linear(1, 1)\n"
    raised = pytest.raises(BackendError, match="its network is no Tokenizer, which odd promises")
    with registry("good", odd(tmp_path, source, provides="Tokenizer")) as found, raised:
        ask(found.owner("odd"), "distill_build")


def test_extras_that_no_header_could_hold_are_refused(tmp_path: Path) -> None:
    """The model file could be written and never be read again."""
    source = "@hookimpl\ndef distill_train(model): return {'much': 'x' * (1 << 20)}\n"
    raised = pytest.raises(BackendError, match="its answer takes 1048587 bytes of a header")
    with registry("good", odd(tmp_path, source)) as found, raised:
        ask(found.owner("odd"), "distill_train")


@pytest.mark.parametrize(
    ("chunks", "told"),
    [
        ("3", "answers with a int, not with chunks"),
        ("[3]", "yields a int, not a tensor"),
        ("torch.zeros(1, 1, 3)", r"yields torch.float32 \[1, 3\], not float32 \[1, C, T\]"),
        ("[torch.zeros(2, 1, 3)]", r"yields torch.float32 \[2, 1, 3\], not float32 \[1, C, T\]"),
        ("[torch.zeros(1, 2, 3)]", r"not the channels that were asked for: \[1, 1, T\]"),
        ("[torch.zeros(1, 1, 3).double()]", r"yields torch.float64 \[1, 1, 3\]"),
        ("[Chunk(torch.zeros(1, 1, 3), [1])]", r"a chunk of the takes \[1\]; there are 1"),
        ("[Chunk(torch.zeros(2, 1, 3), [0, 0])]", r"a chunk of the takes \[0, 0\]; there are 1"),
        ("[Chunk(torch.zeros(1, 1, 3), 0)]", "TypeError: 'int' object is not iterable"),
        ("[Chunk(torch.zeros(1, 1, 3), [0], 3)]", "what it attaches is not a table by take"),
        ("[Chunk(torch.zeros(1, 1, 3), [0], {1: 3})]", "what it attaches is not a table by take"),
        ("[Chunk(torch.zeros(1, 1, 3), [0], {0: {3}})]", "attaches cannot be written as JSON"),
    ],
)
def test_chunks_that_are_no_sound_are_told(tmp_path: Path, chunks: str, told: str) -> None:
    """Each chunk is held against the contract when it comes."""
    source = f"@hookimpl\ndef distill_generate(request): return {chunks}\n"
    raised = pytest.raises(BackendError, match=told)
    with registry("good", odd(tmp_path, source)) as found, raised:
        ask(found.owner("odd"), "distill_generate")


def test_one_that_plays_for_ever_is_stopped(tmp_path: Path) -> None:
    """It would fill the memory; and it is closed, as generators are."""
    source = (
        "closed = []\n@hookimpl\ndef distill_generate(request):\n    try:\n"
        "        while True: yield torch.zeros(1, 1, 2)\n    finally: closed.append(True)\n"
    )
    with registry("good", odd(tmp_path, source)) as found:
        owner = found.owner("odd")
        assert len(ask(owner, "distill_generate")) == 2  # 4 samples where 3 were asked for
        assert owner.plugin.closed == [True]


def test_a_wrapper_that_fails_is_named_and_not_the_owner(tmp_path: Path) -> None:
    """The user would remove the wrong plugin."""
    source = (
        "from distill_core import hookimpl\n@hookimpl(wrapper=True)\n"
        "def distill_build():\n    yield\n    raise LookupError('no watermark')\n"
    )
    folder = bring(tmp_path, "distill-mark", source, "[distill.plugins]\nmark = distill_mark\n")
    with registry("good", folder) as found:
        assert found.listen() == []
        with pytest.raises(BackendError, match=r"^distill-mark 1\.0 failed in distill_build: Look"):
            ask(found.owner("hush"), "distill_build")


def header(path: Path, **told: str) -> Header:
    """Make a header that says what a test wants it to say."""
    return Header(path, told, {}, 8, 8)


@pytest.mark.parametrize("action", ["raises", "quits", "number"])
def test_one_bad_answer_to_whose_a_file_is_silences_no_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, action: str
) -> None:
    """Each plugin is asked apart; when nobody knows the file, what failed is told, too."""
    monkeypatch.setenv("FICKLE", f"distill_detect {action}")
    source = (
        "@hookimpl\ndef distill_detect(header): return 'odd' if 'mine' in header.told else None\n"
    )
    with registry("fickle", "good", odd(tmp_path, source)) as found:
        assert detect(header(tmp_path / "x.distill", mine="yes"), found) == "odd"
        with pytest.raises(BackendError) as caught:
            detect(header(tmp_path / "x.distill", backend="distill-gone 1.0"), found)
    assert "x.distill needs the model type unknown" in caught.value.message
    assert f"{NAMED}distill_detect: " in caught.value.message
    assert caught.value.hint == "Install it: pip install distill-gone."


def test_a_file_that_is_claimed_for_a_type_that_nobody_brings_is_nobodys(tmp_path: Path) -> None:
    """It would end as a usage error about a type that the user never named."""
    source = "@hookimpl\ndef distill_detect(header): return 'oddest'\n"
    raised = pytest.raises(BackendError, match="names 'oddest', which is no installed backend's")
    with registry("good", odd(tmp_path, source)) as found, raised:
        detect(header(tmp_path / "x.distill"), found)


def train(found: Registry, sounds: Path, **told: Any) -> Any:
    """Train the fickle type for two steps."""
    out = sounds.parent / "fickle.distill"
    return distill.train(sounds, "fickle", out=out, steps=2, seed=1, registry=found, **told)


def test_a_run_that_fails_after_hours_says_where_its_traceback_is(
    monkeypatch: pytest.MonkeyPatch, sounds: Path
) -> None:
    """Nobody had asked for -v when it began; and its checkpoint is still there."""
    monkeypatch.setenv("FICKLE", "distill_train raises")
    with registry("good", "fickle") as found, pytest.raises(BackendError) as caught:
        train(found, sounds)
    failure = sounds.parent / "fickle.run" / "failure.txt"
    assert str(caught.value).endswith(f"The traceback is in {failure}.")
    text = failure.read_text()
    assert "distill_fickle_fixture.py" in text
    assert "ValueError: a fickle\nmood" in text
    assert list((sounds.parent / "fickle.run" / "checkpoints").iterdir())
    assert not (sounds.parent / "fickle.distill").exists()


def test_one_that_fails_before_training_starts_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, sounds: Path
) -> None:
    """There is nothing yet that could be lost."""
    monkeypatch.setenv("FICKLE", "distill_build raises")
    with registry("good", "fickle") as found, pytest.raises(BackendError, match="distill_build"):
        train(found, sounds)
    assert [each.name for each in sounds.parent.iterdir()] == ["sounds"]


def test_what_the_callers_own_ear_raises_is_the_callers(sounds: Path) -> None:
    """Raising one's own error in `on_event` is how Python programs stop a run."""

    class EnoughError(Exception):
        pass

    def hear(event: Any) -> None:
        if event.event == "epoch":
            raise EnoughError

    with registry("good", "fickle") as found, pytest.raises(EnoughError):
        train(found, sounds, on_event=hear)


def test_a_take_that_fails_midway_is_told(monkeypatch: pytest.MonkeyPatch, sounds: Path) -> None:
    """Chunks are made while they are drawn, long after the hook has answered."""
    with registry("good", "fickle") as found:
        model = distill.load(train(found, sounds).model, device="cpu", registry=found)
        assert model.generate(duration=0.1, seed=1).audio.seconds == pytest.approx(0.1)
        monkeypatch.setenv("FICKLE", "distill_generate raises")
        with pytest.raises(BackendError, match=rf"^{NAMED}distill_generate: ValueError: a fickle"):
            model.generate(duration=0.1, seed=1)


def test_a_model_whose_plugin_fails_to_load_it_is_the_plugins_fault(
    monkeypatch: pytest.MonkeyPatch, sounds: Path
) -> None:
    """The file is sound: its digest says so."""
    with registry("good", "fickle") as found:
        model = train(found, sounds).model
        monkeypatch.setenv("FICKLE", "distill_load raises")
        with pytest.raises(BackendError, match=rf"^{NAMED}distill_load"):
            distill.load(model, device="cpu", registry=found)


@pytest.mark.parametrize("fault", ["sys.exit(0)", "1 / 0"])
def test_a_listener_that_fails_ends_no_run(sounds: Path, tmp_path: Path, fault: str) -> None:
    """Watching is an addition; it is told at the end, and the model is there."""
    source = (
        "import sys\nfrom distill_core import hookimpl\n"
        f"@hookimpl\ndef distill_event(event): {fault}\n"
    )
    folder = bring(tmp_path, "distill-ear", source, "[distill.plugins]\near = distill_ear\n")
    with registry("good", "fickle", folder) as found:
        done = train(found, sounds)
    assert done.model.exists()
    assert len([told for told in done.warnings if told.startswith("A listener failed")]) == 1


@pytest.mark.parametrize("lacking", ["distill_build", "distill_train", "distill_generate"])
def test_what_a_backend_lacks_is_told_before_it_is_trained(
    sounds: Path, tmp_path: Path, lacking: str
) -> None:
    """An @hookimpl that was forgotten must not show after an hour, when the model is to play."""
    hooks = {"distill_adapt", "distill_build", "distill_train", "distill_generate"} - {lacking}
    source = f"""
import attrs
import distill_hush_fixture as hush
from distill_core import hookimpl

@hookimpl
def distill_model_types():
    return [attrs.evolve(hush.distill_model_types()[0], name="part")]

{"; ".join(f"{each} = hush.{each}" for each in sorted(hooks))}
"""
    folder = bring(
        tmp_path / "p", "distill-part", source, "[distill.backends]\npart = distill_part\n"
    )
    out = tmp_path / "part.distill"
    told = f"distill-part is broken: part has no {lacking} that is marked with @hookimpl"
    with registry("good", folder) as found, pytest.raises(BackendError, match=told):
        distill.train(sounds, "part", out=out, steps=1, registry=found)
    assert not out.exists()
    assert not out.with_suffix(".run").exists()


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ("register_buffer('z', torch.zeros(2, dtype=torch.complex64))", "z is complex64"),
        (
            "__class__ = type('O', (type(network),), {'get_extra_state': lambda self: {'a': 1}})",
            "_extra_state is a dict",
        ),
    ],
)
def test_what_no_model_file_can_hold_is_told_before_it_is_trained(
    sounds: Path, tmp_path: Path, made: str, told: str
) -> None:
    """Training would be lost when it is to be saved."""
    source = f"""
import attrs, torch
import distill_hush_fixture as hush
from distill_core import hookimpl

@hookimpl
def distill_model_types():
    return [attrs.evolve(hush.distill_model_types()[0], name="odd")]

distill_adapt, distill_train = hush.distill_adapt, hush.distill_train
distill_generate = hush.distill_generate

@hookimpl
def distill_build(config):
    network = hush.distill_build(config)
    network.{made}
    return network
"""
    folder = bring(tmp_path / "p", "distill-odd", source, "[distill.backends]\nodd = distill_odd\n")
    with registry("good", folder) as found, pytest.raises(BackendError, match=told) as error:
        distill.train(sounds, "odd", out=tmp_path / "odd.distill", steps=1, registry=found)
    assert "distill-odd 1.0 failed in distill_build" in error.value.message
