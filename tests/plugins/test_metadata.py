"""What installed distributions say of themselves may be wrong, and spoils nothing but them."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from distill_core.claims import NARROW, Claim
from distill_core.errors import BackendError, ConfigError
from distill_core.registry import Registry

from . import bring, registry

ENTRIES = "[distill.backends]\n{0} = {1}\n"


@pytest.fixture(autouse=True)
def _unnarrowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what the developer narrowed backends to."""
    monkeypatch.delenv(NARROW, raising=False)


def only(found: Registry) -> Claim:
    """Give the one claim that is not the good fixture's."""
    (claim,) = [each for each in found.claims if each.name != "hush"]
    return claim


def refused(found: Registry, claim: Claim) -> tuple[str, str]:
    """Load a broken claim; give its reason and cure."""
    with pytest.raises(BackendError) as caught:
        found.load(claim)
    assert caught.value.exit_code == 6
    assert "\n" not in str(caught.value)
    return found.broken[claim].reason, found.broken[claim].cure


def test_one_that_asks_for_a_newer_core_is_told_so_without_an_import() -> None:
    """Its import would fail with some name that core does not have yet, which tells nobody why."""
    with registry("newer", "good") as found:
        reason, cure = refused(found, found.claim("future"))
        installed = version("distill-core")
        assert reason == f"it needs distill-core >= 99, installed is {installed}"
        assert cure == "Upgrade distill-core: pip install --upgrade distill-core."
        assert "distill_newer_fixture" not in sys.modules
        assert found.default_type() == "hush"


@pytest.mark.parametrize(
    ("requires", "reason", "cure"),
    [
        ("Distill_Core<0.0.1", "needs distill-core < 0.0.1", "pip install --upgrade distill-asks"),
        ("distill-core==99.*", "needs distill-core == 99.*", "pip install --upgrade distill-core"),
        ("distill-core (>=98)", "needs distill-core >= 98", "pip install --upgrade distill-core"),
    ],
)
def test_any_core_that_is_not_the_installed_one_is_told_with_what_to_upgrade(
    tmp_path: Path, requires: str, reason: str, cure: str
) -> None:
    """Which of the two is too old decides what to type."""
    words = f"Metadata-Version: 2.1\nName: distill-asks\nVersion: 1\nRequires-Dist: {requires}\n"
    folder = bring(tmp_path, "distill-asks", "1 / 0", ENTRIES.format("asks", "distill_asks"), words)
    with registry(folder) as found:
        told = refused(found, only(found))
        assert reason in told[0]
        assert cure in told[1]


@pytest.mark.parametrize(
    "requires",
    [
        "distill-core>=0.0.1", "distill-core", "distill-core>=99; python_version < '3'",
        "distill-core>=99; extra == 'future'", "distill-core is nice", "distill-core-tools>=99",
    ],
)  # fmt: skip
def test_what_does_not_ask_for_another_core_is_imported(tmp_path: Path, requires: str) -> None:
    """Markers and extras count, and what nobody can read is pip's affair."""
    words = f"Metadata-Version: 2.1\nName: distill-asks\nVersion: 1\nRequires-Dist: {requires}\n"
    folder = bring(tmp_path, "distill-asks", "1 / 0", ENTRIES.format("asks", "distill_asks"), words)
    with registry(folder) as found:
        assert refused(found, only(found))[0] == "ZeroDivisionError: division by zero"


@pytest.mark.parametrize(
    ("value", "reason", "cure"),
    [
        ("distill_gone", "needs the module distill_gone", "--force-reinstall distill-aim"),
        ("distill_aim.deep", "needs the module distill_aim.deep", "Reinstall it whole"),
        ("distill_aim:nothing", "no attribute 'nothing'", "pip uninstall distill-aim"),
        ("distill aim!", "'distill aim!' names no module", "pip uninstall distill-aim"),
        ("", "'' names no module", "pip uninstall distill-aim"),
        ("distill_aim:number", "brings [], not 'aim'", "pip uninstall distill-aim"),
        ("distill_aim:empty", "LookupError", "pip uninstall distill-aim"),
    ],
)
def test_an_entry_point_that_leads_nowhere_is_told(
    tmp_path: Path, value: str, reason: str, cure: str
) -> None:
    """A renamed module, a typing error, a package removed by half."""
    source = "number = 3\nclass Empty:\n    def __dir__(self): raise LookupError\n"
    source += "empty = Empty()\n"
    entries = ENTRIES.format("aim", value)
    with registry(bring(tmp_path, "distill-aim", source, entries), "good") as found:
        told = refused(found, only(found))
        assert reason in told[0]
        assert cure in told[1]
        assert found.owner("hush").name == "hush"


@pytest.mark.parametrize("name", ["garbled", "nameless"])
def test_a_distribution_that_cannot_be_read_is_told_and_spoils_no_other(name: str) -> None:
    """Python's own reader of entry points fails for all of them when one is no table."""
    with registry(name, "good") as found:
        assert found.default_type() == "hush"
        claim = only(found)
        told = (claim.kind, claim.name, claim.distribution, claim.version)
        whose = f"distill-{name}-fixture"
        assert told == ("distribution", whose, whose, "0.1.0")
        reason, cure = refused(found, claim)
        assert {"garbled": "entry_points.txt", "nameless": "METADATA"}[name] in reason
        assert f"pip install --force-reinstall {whose}, or delete /" in cure


@pytest.mark.parametrize(
    "metadata",
    [b"", b"\n\n", b"Metadata-Version: 2.1\nName: distill-latin\nSummary: Kl\xe4nge\n", b"\0" * 99],
    ids=["empty", "blank", "latin", "zeros"],
)
def test_metadata_that_says_nothing_is_told_and_spoils_no_other(
    tmp_path: Path, metadata: bytes
) -> None:
    """A full disk leaves empty files, an old editor leaves Latin-1."""
    entries = ENTRIES.format("latin", "distill_latin")
    with registry(bring(tmp_path, "distill-latin", "", entries, metadata), "good") as found:
        assert found.default_type() == "hush"
        reason, cure = refused(found, only(found))
        assert "METADATA" in reason
        assert "pip install --force-reinstall distill-latin" in cure


def test_entry_points_that_are_no_utf8_are_told(tmp_path: Path) -> None:
    """Only when they may be ours: what others install is not for us to judge."""
    for name, group in (("distill-ours", "distill.backends"), ("gui-other", "gui_scripts")):
        folder = bring(tmp_path, name, "", "")
        raw = f"[{group}]\n# ".encode() + b"\xff\nx = y\n"
        next(folder.glob("*.dist-info/entry_points.txt")).write_bytes(raw)
    with registry(tmp_path / "distill-ours", tmp_path / "gui-other", "good") as found:
        assert only(found).distribution == "distill-ours"
        assert "entry_points.txt is not UTF-8" in refused(found, only(found))[0]


def test_what_others_garbled_is_not_ours_to_tell(tmp_path: Path) -> None:
    """It brings nothing to Distill; pip may complain of it."""
    folder = bring(tmp_path, "other", "", "[console_scripts]\nthis is no entry point\n")
    with registry(folder, "good") as found:
        assert [each.name for each in found.claims] == ["hush"]


def test_a_name_that_cannot_be_typed_is_told_and_offered_nowhere() -> None:
    """It would stand in file names, flags and the parts of a model file."""
    with registry("odd", "good") as found:
        assert [each.name for each in found.named("backend", "companion", "command")] == ["hush"]
        for claim in (each for each in found.claims if each.name != "hush"):
            reason, cure = refused(found, claim)
            assert f"{claim.name!r} is no name for a" in reason
            assert "pip uninstall distill-odd-fixture" in cure
        with pytest.raises(ConfigError):
            found.model_type("od d")


def test_words_of_strangers_cannot_move_the_terminal(tmp_path: Path) -> None:
    """Names, summaries and errors are shown in lists, a line each."""
    words = (
        "Metadata-Version: 2.1\nName: distill-loud\nVersion: 1\x1b[2J\nSummary: a\x07b\x1b[31mc\n"
    )
    source = "raise ValueError('one\\ntwo\\x1b[2Jthree' + 'x' * 9999)"
    folder = bring(tmp_path, "distill-loud", source, ENTRIES.format("loud", "distill_loud"), words)
    with registry(folder) as found:
        claim = only(found)
        reason, _ = refused(found, claim)
        for text in (claim.version, claim.summary, reason):
            assert text.isprintable()
        assert reason.startswith("ValueError: one two")
        assert len(reason) < 400


def test_one_distribution_that_claims_a_type_twice_is_told(tmp_path: Path) -> None:
    """Which of the two was meant nobody knows."""
    entries = "[distill.backends]\nsame = distill_same\n[distill.companions]\nsame = distill_same\n"
    folder = bring(tmp_path, "distill-same", "1 / 0", entries)
    with registry(folder) as found, pytest.raises(BackendError, match=r"same twice"):
        found.model_type("same", "backend")
