"""Every command goes on working, in a fresh process, with all that is broken installed at once."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ..conftest import TINY, Result
from . import BROKEN, WORSE, bring, environment

THREE = ("raises", "quits", "typo")  # what the least careful strangers do
FINE = {"command", "farewell", "listener", "noisy", "prior", "stumble", "vae", "vqvae", "whisper"}
# by name, what is wrong and the cure, of everything that cannot work
TOLD = {
    "grumble": ("ImportError: libgrumble.so.7", "pip install --upgrade distill-raises-fixture"),
    "vanish": ("it quits when it is imported", "pip uninstall distill-quits-fixture"),
    "misspelt": ("distill_generate may be meant", "pip uninstall distill-typo-fixture"),
    "incomplete": ("needs the module distill_not_there", "Install distill_not_there"),
    "hush": ("distill-rival-one-fixture and distill-rival-two-fixture claim", "DISTILL_BACKENDS="),
    "future": ("needs distill-core >= 99", "pip install --upgrade distill-core"),
    "gone": ("needs the module distill_half_fixture", "--force-reinstall distill-half-fixture"),
    "distill-nameless-fixture": ("METADATA", "--force-reinstall distill-nameless-fixture"),
    "distill-garbled-fixture": ("entry_points.txt", "--force-reinstall distill-garbled-fixture"),
    "distill-latin": ("METADATA", "--force-reinstall distill-latin"),
    "od d": ("is no name for a model type", "pip uninstall distill-odd-fixture"),
    "../up": ("is no name for a model type", "pip uninstall distill-odd-fixture"),
    "--help": ("is no name for a command", "pip uninstall distill-odd-fixture"),
    "train": ("it cannot be run: Distill has a command", "uninstall distill-shadows-fixture"),
    "train-prior": ("distill-prior brings a command", "pip uninstall distill-shadows-fixture"),
    "no-command": ("is not a Click command", "pip uninstall distill-shadows-fixture"),
    "stops": ("Stop: no further", "pip uninstall distill-stops-fixture"),
}


@pytest.fixture(scope="module", params=["three", "all"])
def done(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, kit: Path, pack: Path
) -> dict[str, Result]:
    """Run every command at once, each in a process of its own; give what came out, by name."""
    place = tmp_path_factory.mktemp("all")
    plugins: list[str | Path] = list(THREE)
    if request.param == "all":
        entries = "[distill.backends]\nlatin = distill_latin\n"
        latin = b"Metadata-Version: 2.1\nName: distill-latin\nSummary: Kl\xe4nge\n"
        plugins = ["good", "fickle", "listener", "command", *BROKEN, *WORSE]
        plugins.append(bring(place, "distill-latin", "", entries, latin))
    sound = next(pack.glob("*.wav"))
    commands = {
        "train": ["train", pack, "-o", place / "new.distill", "--steps", "2", *TINY],
        "generate": ["generate", kit, "--duration", "0.2", "--json", "-o", place / "takes"],
        "reconstruct": ["reconstruct", kit, sound, "-o", place / "again"],
        "info": ["info", kit, "--json"], "scan": ["scan", pack, "--json"],
        "types": ["types", "--json"], "plugins": ["plugins", "--json"], "table": ["plugins"],
        "train help": ["train", "--help"], "help": ["--help"], "version": ["--version"],
    }  # fmt: skip
    script = shutil.which("distill", path=str(Path(sys.executable).parent))
    assert script, "distill-cli is not installed beside this Python"
    running = {
        name: subprocess.Popen(
            [script, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            encoding="utf-8", env=environment(place, *plugins), cwd=place,
        )
        for name, words in commands.items()
    }  # fmt: skip
    found = {}
    for name, process in running.items():
        out, err = process.communicate(timeout=120)
        found[name] = Result(process.returncode, out, err)
    return found


@pytest.mark.parametrize(
    "name",
    [
        "train", "generate", "reconstruct", "info", "scan", "types", "plugins", "table",
        "train help", "help", "version",
    ],
)  # fmt: skip
def test_every_command_works_beside_broken_plugins(done: dict[str, Result], name: str) -> None:
    """A stranger's fault is no reason to take anything else away."""
    result = done[name]
    assert result.code == 0, result.err
    assert result.out
    assert "Traceback" not in result.err


def test_what_is_json_stays_json_beside_broken_plugins(done: dict[str, Result]) -> None:
    """One of them prints when it is imported."""
    for name, key in (("generate", "takes"), ("info", "id"), ("scan", "used"), ("types", "types")):
        assert json.loads(done[name].out)[key], name


def test_plugins_names_each_broken_one_with_its_reason_and_cure(done: dict[str, Result]) -> None:
    """To the letter of what scripts read: the keys, and null where nothing is wrong."""
    rows = json.loads(done["plugins"].out)["plugins"]
    keys = ["name", "kind", "distribution", "version", "ok", "reason", "cure"]
    assert all(list(row) == keys for row in rows)
    assert all((row["reason"] is None) is (row["cure"] is None) is row["ok"] for row in rows)
    broken = {row["name"]: row for row in rows if not row["ok"]}
    assert {"grumble", "vanish", "misspelt"} <= set(broken) <= set(TOLD)
    if len(broken) > len(THREE):
        assert set(broken) == set(TOLD)
    for name, row in broken.items():
        reason, cure = TOLD[name]
        assert reason in row["reason"], name
        assert cure in row["cure"], name
    fine = {row["name"] for row in rows if row["ok"]}
    assert {"vqvae", "prior"} <= fine <= FINE | {"fickle"}


def test_the_table_for_people_tells_the_same(done: dict[str, Result]) -> None:
    """A line each, and below it a line for each that is broken."""
    lines = done["table"].out.splitlines()
    for row in json.loads(done["plugins"].out)["plugins"]:
        state = "ok" if row["ok"] else "broken"
        whose = f"{row['distribution']} {row['version']}"
        (told,) = {
            line.rstrip() for line in lines if whose in line and line.startswith(row["name"] + " ")
        }
        assert told.split()[-1] == state
        assert row["kind"] in told
        if not row["ok"]:
            assert f"{row['distribution']} ({row['name']}): {row['reason']}. {row['cure']}" in lines


def test_help_offers_nothing_that_cannot_be_run(done: dict[str, Result]) -> None:
    """Two commands of one name, of which the second never runs, would be a riddle."""
    offered = [line.split()[0] for line in done["help"].out.splitlines() if line.startswith("  ")]
    assert offered.count("train") == 1
    assert offered.count("train-prior") == 1
    assert not {"od", "../up", "train-../up"} & set(offered)


def test_types_lists_what_can_be_named_and_imports_nothing(done: dict[str, Result]) -> None:
    """From metadata only: also the broken ones, since they are what the user has installed."""
    rows = json.loads(done["types"].out)["types"]
    assert all(list(row) == ["name", "distribution", "version", "summary"] for row in rows)
    names = {row["name"] for row in rows}
    assert {"vqvae", "prior", "grumble", "vanish", "misspelt"} <= names
    assert not {"od d", "../up", "distill-latin"} & names
    assert done["types"].err == done["help"].err == done["version"].err == ""
