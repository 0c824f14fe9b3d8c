"""What a stranger's module may do when it is imported, and what it may say of its types."""

from __future__ import annotations

import sys
import threading
import warnings
from importlib.metadata import version
from pathlib import Path

import pytest
from distill_core.errors import BackendError
from distill_core.registry import Registry

from . import HERE, bring, registry

ENTRIES = "[distill.backends]\nodd = distill_odd\n"
CORE = f"distill-core {version('distill-core')}"
HEAD = """
import attrs
from distill_core import ModelType, Tokenizer, hookimpl, knob

def frozen(cls): return attrs.frozen(kw_only=True)(cls)

@frozen
class Model:
    sample_rate: int = knob(16000, help="Rate.")
    channels: int = knob(1, help="Channels.")

@frozen
class Empty:
    pass

def record(**other):
    told = dict(name="odd", versions=(1,), summary="", model=Model, training=Empty,
                generating=Empty)
    return ModelType(**(told | other))
"""
BODY = "\n@hookimpl\ndef distill_model_types():\n    return {}\n"


def broken(folder: Path) -> str:
    """Load the odd plugin beside a good one; give the reason why it cannot be used."""
    with registry(folder, "good") as found:
        with pytest.raises(BackendError) as caught:
            found.model_type("odd")
        assert str(caught.value).startswith("distill-odd is broken: ")
        assert "pip " in str(caught.value)
        assert found.default_type() == "hush"
        assert len(found.everyone().distill_model_types()) == 1  # hush's: the odd one is gone
        return found.broken[found.claim("odd")].reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("None", "brings [], not 'odd'"),
        ("[]", "brings [], not 'odd'"),
        ("3", "gives a int, not a list"),
        ("'odd'", "gives a str, not a list"),
        ("record()", "gives a ModelType, not a list"),
        ("['odd']", "lists a str, no ModelType"),
        ("[record(name='even')]", "brings ['even'], not 'odd'"),
        ("[ModelType(name='odd')]", "missing 3 required keyword-only arguments"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("exit()", "it quits when it is imported"),
        ("[record(versions=())]", "versions is (), not a tuple of whole numbers"),
        ("[record(versions=1)]", "versions is 1, not a tuple of whole numbers"),
        ("[record(versions=('1',))]", "versions is ('1',), not a tuple of whole numbers"),
        ("[record(rank='high')]", "rank is 'high', no int"),
        ("[record(plays=None)]", "plays is None, no bool"),
        ("[record(summary=None)]", "summary is None, no str"),
        ("[record(provides={Tokenizer})]", "not a frozenset of protocols"),
        ("[record(needs=frozenset({'Tokenizer'}))]", "not a frozenset of protocols"),
        ("[record(needs=frozenset({int}))]", "not a frozenset of protocols"),
        ("[record(model=dict)]", "no attrs class"),
        ("[record(training=Model())]", "no attrs class"),
        ("[record(model=Empty)]", "Empty needs the whole numbers sample_rate and channels"),
        ("[record(training=Model)]", "has the flag --sample-rate, which another knob has"),
    ],
)
def test_types_that_are_not_as_the_contract_says_make_a_plugin_broken(
    tmp_path: Path, answer: str, reason: str
) -> None:
    """What nobody checked here would fail later, in a command that has nothing to do with it."""
    source = HEAD + BODY.format(answer)
    assert reason in broken(bring(tmp_path, "distill-odd", source, ENTRIES))


@pytest.mark.parametrize(
    ("knob", "reason"),
    [
        ("width: int = 3", "Bad.width is not declared with knob"),
        ("width: list = knob([], help='W.')", "is not a type a setting can have"),
        ("width: int = knob(3, help='')", "Bad.width has no help"),
        ("width: int = knob(3, help='W.', min=4)", "width: 3 must be at least 4"),
        ("width: int = knob('3', help='W.')", "width: '3' is not a whole number"),
        ("width: int = knob(None, help='W.')", "no default that it may have"),
        ("width: int = knob(3, help='W.', min='low')", "the bound 'low', which is no number"),
        ("width: int = knob(3, help='W.', flag='w d')", "the flag '--w d'"),
        ("width: int = knob(3, help='W.', flag='--w')", "the flag '----w'"),
        ("wEIGHT: int = knob(3, help='W.')", "the flag '--wEIGHT'"),
        ("width: int = knob(3, help='W.', short='ww')", "the short flag 'ww'"),
        ("width: int = knob(3, help='W.', short='-')", "the short flag '-'"),
        ("width: int = attrs.field(metadata={'distill.knob': 3})", "AttributeError"),
    ],
)
def test_a_bad_knob_makes_a_plugin_broken(tmp_path: Path, knob: str, reason: str) -> None:
    """Its flag would end `train --help` for every type; its default could never be used."""
    source = HEAD + f"\n@frozen\nclass Bad:\n    {knob}\n" + BODY.format("[record(training=Bad)]")
    assert reason in broken(bring(tmp_path, "distill-odd", source, ENTRIES))


def test_a_config_class_that_can_be_changed_makes_a_plugin_broken(tmp_path: Path) -> None:
    """What the header tells would no longer be what was trained."""
    source = HEAD + "\n@attrs.define\nclass Bad:\n    width: int = knob(3, help='W.')\n"
    source += BODY.format("[record(generating=Bad)]")
    assert broken(bring(tmp_path, "distill-odd", source, ENTRIES)) == "TypeError: Bad is not frozen"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("class Stop(BaseException): pass\nraise Stop('no further')", "Stop: no further"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("def deeper(): deeper()\ndeeper()", "RecursionError: maximum recursion depth exceeded"),
        ("raise MemoryError", "MemoryError"),
        ("this is no Python", "SyntaxError: invalid syntax"),
        ("class Mute(Exception):\n    def __str__(self): raise self\nraise Mute", "Mute"),
        ("import distill_odd.core", "needs the module distill_odd.core"),
        (
            HEAD + "@hookimpl\ndef distill_build(config, colour, host): ...",
            f"its distill_build asks for 'colour', which {CORE} does not give",
        ),
        (
            HEAD + "@hookimpl\ndef distill_trains(model): ...",
            f"a hook 'distill_trains', which {CORE} does not know; distill_train may be meant",
        ),
        (
            HEAD + "@hookimpl(wrapper=True)\ndef distill_train(): ...",
            "is marked as a wrapper and has no yield",
        ),
    ],
)
def test_whatever_happens_at_its_import_makes_a_plugin_broken(
    tmp_path: Path, source: str, reason: str
) -> None:
    """Also what `except Exception` does not catch."""
    assert reason in broken(bring(tmp_path, "distill-odd", source, ENTRIES))


def test_ctrl_c_while_a_plugin_is_imported_is_the_users(tmp_path: Path) -> None:
    """It cannot be told from a plugin's own, and who presses it wants to leave."""
    folder = bring(tmp_path, "distill-odd", "raise KeyboardInterrupt", ENTRIES)
    with registry(folder) as found:
        with pytest.raises(KeyboardInterrupt):
            found.model_type("odd")
        assert not found.broken


def test_a_plugin_that_asks_for_all_types_while_it_is_imported_comes_to_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would import itself again and again; and it is not broken for it."""
    source = HEAD + "from distill_core.registry import environment\nenvironment().default_type()\n"
    folder = bring(tmp_path, "distill-odd", source + BODY.format("[record(rank=9)]"), ENTRIES)
    with registry(folder, "good") as found:
        monkeypatch.setattr("distill_core.registry.environment", lambda: found)
        assert found.default_type() == "odd"
        assert not found.broken


def test_an_import_leaves_the_folder_the_warnings_and_stdout_as_they_were(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The user's paths are relative to here, and what --json writes must stay JSON."""
    here, filters = Path.cwd(), list(warnings.filters)
    with registry("noisy") as found:
        assert found.model_type("noisy").rank == -2
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(10)
    assert Path.cwd() == here
    assert warnings.filters == filters
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err == "Thank you for choosing noisy!\nHere it comes!\n"


def test_the_rest_of_a_distribution_works_where_one_type_of_it_does_not(tmp_path: Path) -> None:
    """Each entry point stands for itself."""
    entries = "[distill.backends]\nodd = distill_odd\neven = distill_odd\n"
    source = HEAD + BODY.format("[record()]")
    with registry(bring(tmp_path, "distill-odd", source, entries)) as found:
        assert found.model_type("odd").name == "odd"
        with pytest.raises(BackendError, match=r"brings \['odd'\], not 'even'"):
            found.model_type("even")
        assert found.model_type("odd").name == "odd"
        assert len(found.everyone().distill_model_types()) == 1


def test_one_module_in_two_distributions_is_told(tmp_path: Path) -> None:
    """A fork that kept the package's name: whichever is imported is both."""
    source = HEAD + BODY.format("[record(), record(name='fork')]")
    first = bring(tmp_path / "a", "distill-odd", source, ENTRIES)
    fork = bring(tmp_path / "b", "distill-fork", "", "[distill.backends]\nfork = distill_odd\n")
    with registry(first, fork) as found:
        assert found.model_type("odd").name == "odd"
        with pytest.raises(BackendError, match="distill-fork is broken"):
            found.model_type("fork")


def test_no_fixture_is_imported_by_being_installed() -> None:
    """Else a test of the others could pass by accident."""
    names = [each.name for each in HERE.iterdir() if each.is_dir() and each.name[0] != "_"]
    with registry(*names) as found:
        assert isinstance(found, Registry)
        assert not [name for name in sys.modules if name.endswith("_fixture")]
