"""Plugins are found without imports, loaded one at a time, and only owners answer."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from distill_core.claims import NARROW, Claim
from distill_core.configs import Configs, structure
from distill_core.errors import BackendError, ConfigError
from distill_core.header import Header
from distill_core.loading import detect
from distill_core.model_type import Facts
from distill_core.registry import Registry

from ..plugins import BROKEN, HERE, bring, importable, registry

ALONE = "distill_hush_fixture"
FACTS = Facts(clips=1, seconds=90.0, median_seconds=1.0, minutes=None, device="cpu")


@pytest.fixture(autouse=True)
def _unnarrowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what the developer narrowed backends to."""
    monkeypatch.delenv(NARROW, raising=False)


@pytest.fixture
def brought(tmp_path: Path):
    """Install a distribution made up by the test: `brought(name, source, entry points)`."""

    def put(name: str, source: str, entries: str, summary: str | None = "Made up.") -> Path:
        words = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
        words += f"Summary: {summary}\n" if summary else ""
        return bring(tmp_path, name, source, entries, words)

    return put


@pytest.fixture
def everything() -> Iterator[Registry]:
    """Install one working backend among all that can go wrong, but for rivals."""
    with registry("good", *BROKEN[:-1], "listener", "command") as found:
        yield found


def header(path: Path, **told: str) -> Header:
    """Make a header that says what a test wants it to say."""
    return Header(path, told, {}, 8, 8)


def claim(found: Registry, name: str) -> Claim:
    """Find a claim by its name alone."""
    return next(each for each in found.claims if each.name == name)


def test_names_versions_and_summaries_cost_no_import(everything: Registry) -> None:
    """What `distill types` and `--help` show comes from package metadata."""
    hush = everything.claim("hush")
    told = (hush.kind, hush.distribution, hush.version, hush.summary)
    assert told == ("backend", "distill-hush-fixture", "0.3.0", "Plays next to nothing.")
    kinds = {each.name: each.kind for each in everything.claims}
    assert kinds == {
        "hush": "backend", "grumble": "backend", "vanish": "backend", "misspelt": "backend",
        "incomplete": "backend", "listener": "plugin", "whisper": "command",
    }  # fmt: skip
    assert not [name for name in sys.modules if name.endswith("_fixture")]


def test_naming_one_type_imports_only_its_backend(everything: Registry) -> None:
    """A user of one type must not wait for the others, nor for torch."""
    assert everything.model_type("hush").name == "hush"
    assert [name for name in sys.modules if name.endswith("_fixture")] == [ALONE]
    assert f"{ALONE}.network" not in sys.modules


def test_broken_plugins_leave_the_others_working(everything: Registry) -> None:
    """A stranger's fault must not take the user's other models away."""
    for name in ("grumble", "vanish", "misspelt", "incomplete"):
        with pytest.raises(BackendError):
            everything.load(claim(everything, name))
    assert everything.default_type() == "hush"
    assert everything.owner("hush").type.versions == (1, 3)


@pytest.mark.parametrize(
    ("name", "reason", "cure"),
    [
        ("grumble", "libgrumble.so.7", "pip install --upgrade distill-raises-fixture"),
        ("vanish", "quits when it is imported", "pip uninstall distill-quits-fixture"),
        ("misspelt", "distill_generat'", "pip install --upgrade distill-typo-fixture"),
        ("incomplete", "needs the module distill_not_there", "Install distill_not_there"),
    ],
)
def test_a_broken_plugin_is_told_with_its_reason_and_its_cure(
    everything: Registry, name: str, reason: str, cure: str
) -> None:
    """The user learns in one line whose fault it is and what to type."""
    broken = claim(everything, name)
    with pytest.raises(BackendError) as caught:
        everything.load(broken)
    assert reason in everything.broken[broken].reason
    assert cure in everything.broken[broken].cure
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{broken.distribution} is broken: ")
    assert caught.value.exit_code == 6


def test_a_broken_plugin_is_tried_once(brought, tmp_path: Path) -> None:
    """Its reason is remembered; trying again would repeat its side effects."""
    count = tmp_path / "count"
    source = f"with open({str(count)!r}, 'a') as file: file.write('x')\nraise OSError('no')"
    folder = brought("distill-once", source, "[distill.backends]\nonce = distill_once\n")
    with registry(folder) as found:
        for _ in range(2):
            with pytest.raises(BackendError, match="OSError: no"):
                found.owner("once")
    assert count.read_text() == "x"


def test_a_plugin_that_failed_answers_no_hook(everything: Registry, tmp_path: Path) -> None:
    """A misspelt hook shows after registration; pluggy would leave the rest answering."""
    with pytest.raises(BackendError):
        everything.model_type("misspelt")
    asked = everything.everyone().distill_detect(header=header(tmp_path / "x.distill"))
    assert asked == []
    assert everything.model_type("hush").name == "hush"  # nothing is left pending either


def test_a_plugin_that_brings_another_type_than_it_says_is_broken(brought) -> None:
    """The entry point's name is the model type; everything is looked up by it."""
    source = (HERE / "good" / ALONE / "__init__.py").read_text()
    source = source.replace("from .", f"from {ALONE}.")
    folder = brought("distill-liar", source, "[distill.backends]\nloud = distill_liar\n")
    with importable("good"), registry(folder) as found:
        with pytest.raises(BackendError, match=re.escape("brings ['hush'], not 'loud'")):
            found.owner("loud")
        assert found.everyone().distill_model_types() == []


def test_a_config_that_is_none_makes_a_plugin_broken_rather_than_every_help(brought) -> None:
    """`train --help` reads the knobs of all types; one author's slip must not end it."""
    source = """
import attrs
from distill_core import ModelType, hookimpl

@attrs.frozen
class Bare:
    width: int = 3

@hookimpl
def distill_model_types():
    return [ModelType(name="bare", versions=(1,), summary="", model=Bare, training=Bare,
                      generating=Bare)]
"""
    folder = brought("distill-bare", source, "[distill.backends]\nbare = distill_bare\n")
    with registry(folder) as found, pytest.raises(BackendError, match="not declared with knob"):
        found.model_type("bare")


@pytest.mark.parametrize("stop", ["KeyboardInterrupt", "MemoryError"])
def test_only_what_the_user_did_passes_through(brought, stop: str) -> None:
    """Ctrl-C while a plugin is imported is meant for us; everything else is the plugin's fault."""
    folder = brought("distill-stop", f"raise {stop}", "[distill.backends]\nstop = distill_stop\n")
    expected = KeyboardInterrupt if stop == "KeyboardInterrupt" else BackendError
    with registry(folder) as found:
        with pytest.raises(expected):
            found.owner("stop")
        assert bool(found.broken) == (expected is BackendError)


def test_rivals_are_both_named_and_neither_is_imported() -> None:
    """Which of two would be taken must not depend on the order of folders."""
    with registry("rivals", "listener") as found:
        for ask in (found.claim, found.owner, found.model_type):
            with pytest.raises(BackendError) as caught:
                ask("hush")
            text = str(caught.value)
            assert "distill-rival-one-fixture and distill-rival-two-fixture" in text
            assert "DISTILL_BACKENDS=" in text
        with pytest.raises(BackendError):
            found.default_type()
        with pytest.raises(BackendError):
            detect(header(Path("x.distill"), model_type="other"), found)
        assert not [name for name in sys.modules if name.startswith("distill_rival")]
        assert not found.broken  # they were never tried


def test_narrowing_settles_rivals() -> None:
    """The cure that the error names must work."""
    with registry("rivals", "good", narrow="distill-hush-fixture") as found:
        assert found.owner("hush").type.summary == "Plays next to nothing."


@pytest.mark.parametrize(
    ("narrow", "left"),
    [
        ("", set()),
        ("distill-hush-fixture", {"hush"}),
        (" Distill_Hush.Fixture , distill-quits-fixture", {"hush", "vanish"}),
        ("nobody", set()),
    ],
)
def test_distill_backends_narrows_backends_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, narrow: str, left: set[str]
) -> None:
    """Empty means none: so a test or a support case can look at core alone."""
    monkeypatch.setenv("DISTILL_BACKENDS", narrow)
    with registry("good", "quits", "listener", "command") as found:
        assert {each.name for each in found.named("backend")} == left
        assert {each.name for each in found.named("plugin", "command")} == {"listener", "whisper"}


def test_a_distribution_that_is_seen_twice_counts_once() -> None:
    """Editable leftovers and lib64 show one distribution twice; it is no rival of itself."""
    with registry("good", "good") as found:
        assert len(found.claims) == 1
        assert found.owner("hush").type.name == "hush"


def test_two_spellings_of_one_distribution_are_no_rivals(brought) -> None:
    """Names of distributions are compared as PEP 503 says, also where an old copy differs."""
    entries = "[distill.backends]\nold = {}\n"
    spelled = [
        brought("distill-old", "", entries.format("distill_old:new")),
        brought("Distill_Old", "", entries.format("distill_old:older")),
    ]
    with registry(*spelled) as found:
        assert found.claim("old").point.value == "distill_old:new"  # the first on the path


def test_metadata_without_a_name_is_left_out(brought) -> None:
    """An uninstall that was cut short must not end every command."""
    folder = brought("distill-torso", "", "[distill.backends]\ntorso = distill_torso\n")
    next(folder.glob("*.dist-info/METADATA")).unlink()
    with registry(folder, "good", narrow="distill-hush-fixture") as found:
        assert [each.name for each in found.named("backend")] == ["hush"]


def test_metadata_without_a_summary_will_do(brought) -> None:
    """A stranger need not describe what he shares."""
    folder = brought("distill-curt", "", "[distill.backends]\ncurt = distill_curt\n", summary=None)
    with registry(folder) as found:
        assert found.claim("curt").summary == ""


def test_an_unknown_type_suggests_the_nearest(everything: Registry) -> None:
    """Most unknown names are typing errors."""
    with pytest.raises(ConfigError, match=r"No model type husch\. Did you mean hush\?.*grumble"):
        everything.owner("husch")


def test_an_unknown_type_with_nothing_installed_says_so() -> None:
    """A list of nothing would read like a bug."""
    with registry() as found:
        with pytest.raises(ConfigError, match="No backend is installed"):
            found.owner("hush")
        with pytest.raises(BackendError, match=r"No backend is installed.*Install one"):
            found.default_type()


OTHER = """
import attrs
import torch
from distill_core import ModelType, hookimpl, knob

asked = []

@attrs.frozen(kw_only=True)
class Nothing:
    sample_rate: int = knob(8000, help="Rate.")
    channels: int = knob(1, help="Channels.")

@attrs.frozen(kw_only=True)
class Empty:
    pass

@hookimpl
def distill_model_types():
    asked.append("distill_model_types")
    return [ModelType(name=name, versions=(1,), summary="", model=Nothing, training=Empty,
                      generating=Empty) for name in ("other", "another")]

@hookimpl
def distill_generate(model, config, request):
    yield torch.full((1, 1, 2), 7.0)

@hookimpl
def distill_detect(header):
    return "other" if "claimed" in header.told else None

@hookimpl
def distill_event(event):
    asked.append(event)
"""


@pytest.fixture
def other(brought) -> Path:
    """Install a second backend, with two types."""
    entries = "[distill.backends]\nother = distill_other\nanother = distill_other\n"
    return brought("distill-other", OTHER, entries)


def test_only_the_owner_is_asked(other: Path) -> None:
    """With firstresult pluggy takes the last who registered; plugins need no guards of their own.

    `other` is loaded last, answers everything, and must not be heard about hush.
    """
    asking = SimpleNamespace(rngs=[], samples=0)
    one = SimpleNamespace(rngs=[None], samples=2, channels=1)
    with registry("good", other) as found:
        hush, foreign = found.owner("hush"), found.owner("other")
        loud = structure(hush.type.generating, {})
        answer = hush.call("distill_generate", model=lambda: 0, config=loud, request=asking)
        assert list(answer) == []
        (again,) = foreign.call("distill_generate", model=None, config=None, request=one)
        assert again.tolist() == [[[7.0, 7.0]]]


def test_a_plugin_may_bring_several_types(other: Path) -> None:
    """It is registered once, and answers for each; the hook tells which."""
    with registry(other) as found:
        assert found.owner("other").plugin is found.owner("another").plugin
        assert found.owner("another").type.name == "another"


def test_types_are_asked_for_once_a_name(other: Path) -> None:
    """The contract says so: a backend may look at the machine to answer."""
    with registry(other) as found:
        for _ in range(3):
            found.owner("other")
        assert sys.modules["distill_other"].asked == ["distill_model_types"]


def test_a_backend_that_listens_answers_for_its_own_types_only(brought) -> None:
    """One module may be a listener and a backend; loaded as a listener it is no wrapper."""
    entries = (
        "[distill.backends]\nother = distill_other\n[distill.plugins]\nother = distill_other\n"
    )
    folder = brought("distill-other", OTHER, entries)
    asking = SimpleNamespace(rngs=[], samples=0)
    with registry("good", folder) as found:
        assert found.listen() == []
        hush = found.owner("hush")
        loud = structure(hush.type.generating, {})
        answer = hush.call("distill_generate", model=lambda: 0, config=loud, request=asking)
        assert list(answer) == []
        found.everyone().distill_event(event="heard")
        assert sys.modules["distill_other"].asked == ["heard"]


def test_core_answers_where_the_owner_does_not(other: Path) -> None:
    """`other` adapts nothing, so core's default gives the configs back; hush fills its own."""
    with registry("good", other) as found:
        hush, foreign = found.owner("hush"), found.owner("other")
        told = Configs(structure(foreign.type.model, {}), structure(foreign.type.training, {}))
        assert foreign.call("distill_adapt", configs=told, facts=FACTS) is told
        own = Configs(structure(hush.type.model, {}), structure(hush.type.training, {}))
        assert hush.call("distill_adapt", configs=own, facts=FACTS).model.width == 4


def test_a_wrapper_stays_around_every_owner(other: Path) -> None:
    """A watermark, a limiter, a counter: it wraps whoever plays."""
    asking = SimpleNamespace(rngs=[None], samples=2, channels=1)
    with registry("good", other, "listener") as found:
        assert found.listen() == []
        found.owner("hush")
        foreign = found.owner("other")
        answer = foreign.call("distill_generate", model=None, config=None, request=asking)
        assert [chunk.tolist() for chunk in answer] == [[[[7.0, 7.0]]]]
        assert sys.modules["distill_listener_fixture"].wrapped == ["other"]


def test_a_listener_hears_events_and_a_broken_one_is_told(brought) -> None:
    """A run goes on without what cannot listen, and says what it left out."""
    folder = brought("distill-deaf", "1 / 0", "[distill.plugins]\ndeaf = distill_deaf\n")
    with registry("listener", folder) as found:
        (broken,) = found.listen()
        assert "ZeroDivisionError" in broken.reason
        found.everyone().distill_event(event="started")
        assert sys.modules["distill_listener_fixture"].heard == ["started"]


def test_a_listener_that_would_answer_for_every_type_is_refused(brought) -> None:
    """Loaded last it would play all models, since pluggy takes the last answer; it may wrap."""
    source = "from distill_core import hookimpl\n@hookimpl\ndef distill_generate(): return [0]\n"
    folder = brought("distill-greedy", source, "[distill.plugins]\ngreedy = distill_greedy\n")
    asking = SimpleNamespace(rngs=[], samples=0)
    with registry("good", folder) as found:
        (broken,) = found.listen()
        assert "make it a wrapper" in broken.reason
        hush = found.owner("hush")
        loud = structure(hush.type.generating, {})
        answer = hush.call("distill_generate", model=lambda: 0, config=loud, request=asking)
        assert list(answer) == []


def test_what_a_plugin_prints_while_it_is_imported_stays_off_stdout(
    brought, capsys: pytest.CaptureFixture[str]
) -> None:
    """Scripts read stdout as JSON; a stranger's greeting goes where messages go."""
    source = "print('Thank you for choosing noise!')\n1 / 0\n"
    folder = brought("distill-noise", source, "[distill.backends]\nnoise = distill_noise\n")
    with registry(folder) as found, pytest.raises(BackendError):
        found.owner("noise")
    written = capsys.readouterr()
    assert (written.out, "Thank you" in written.err) == ("", True)


def test_a_header_without_a_type_is_shown_to_everyone(other: Path, tmp_path: Path) -> None:
    """Old files name none, or one that is gone; the backends know their own."""
    with registry("good", "raises", other) as found:
        assert detect(header(tmp_path / "x.distill", claimed="yes"), found) == "other"
        assert detect(header(tmp_path / "x.distill", model_type="hush"), found) == "hush"


def test_two_that_claim_a_header_are_both_shown(brought, other: Path, tmp_path: Path) -> None:
    """With firstresult the second would never be noticed, and the file played as the wrong type."""
    source = OTHER.replace('"other", "another"', '"third", "fourth"')
    source = source.replace('return "other" if', 'return "third" if')
    folder = brought("distill-third", source, "[distill.backends]\nthird = distill_third\n")
    told = header(tmp_path / "x.distill", claimed="yes")
    both = pytest.raises(BackendError, match="claimed as other and as third")
    with registry(other, folder) as found, both:
        detect(told, found)


def test_a_type_that_nobody_reads_names_the_distribution(tmp_path: Path) -> None:
    """The header says who made it; that is what to install."""
    told = {"model_type": "gone", "backend": "distill-gone 1.2"}
    with registry("good") as found, pytest.raises(BackendError, match="pip install distill-gone"):
        detect(header(tmp_path / "x.distill", **told), found)


def test_a_command_is_given_and_never_registered() -> None:
    """A command has no hooks; pluggy has no business with it."""
    with registry("command") as found:
        assert found.load(claim(found, "whisper")).name == "whisper"
        assert found.named("backend") == []
