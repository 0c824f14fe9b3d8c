"""Plugins as the real command sees them: a fresh process, fixtures beside what is installed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from distill_cli.main import COMMANDS
from distill_core.registry import Registry

from ..plugins import BROKEN, bring, environment

HEAVY = ("torch", "torchaudio", "numpy", "soundfile", "rich")
PEEK = f"""
import sys
from distill_cli.main import run
try:
    run()
except SystemExit as end:
    found = [name for name in {HEAVY} if name in sys.modules]
    print("imported:", *found, file=sys.stderr)
    raise
"""
COMPANIONS = [f"train-{claim.name}" for claim in Registry.installed().named("companion")]
ALL = ("good", *BROKEN[:-1], "listener", "command")
CLAIM_KEYS = {"name", "kind", "distribution", "version", "ok", "reason", "cure"}
TYPE_KEYS = {"name", "distribution", "version", "summary"}

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def distill(tmp_path: Path) -> Run:
    """Run the command with some fixtures installed: `distill("types", plugins=["good"])`."""
    script = shutil.which("distill", path=str(Path(sys.executable).parent))
    assert script, "distill-cli is not installed beside this Python"

    def run(
        *words: str, plugins: tuple[str, ...] = ALL, peek: bool = False, **settings: str
    ) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", PEEK] if peek else [script]
        return subprocess.run(
            [*command, *words], capture_output=True, text=True, encoding="utf-8", timeout=60,
            env=environment(tmp_path, *plugins) | settings, cwd=tmp_path, check=False,
        )  # fmt: skip

    return run


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Write a model file with a header and no weights: enough for what only reads headers."""
    words = {"format": "distill", "version": "3", "model_type": "hush", "name": "silence"}
    text = json.dumps({"__metadata__": words}).encode()
    path = tmp_path / "silence.distill"
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    return path


def section(text: str, heading: str) -> str:
    """Cut a section out of a help page."""
    return text.partition(f"{heading}:\n")[2].partition("\n\n")[0]


def test_help_lists_plugin_commands_under_their_distribution(distill: Run) -> None:
    """It must be plain whose command it is, also while every backend is broken."""
    done = distill("--help", plugins=("command", *BROKEN))
    assert done.returncode == 0, done.stderr
    assert "Say a word quietly." in section(done.stdout, "From distill-command-fixture")
    assert all(name in section(done.stdout, "Commands") for name in COMMANDS)
    assert done.stderr == ""


def test_types_are_listed_from_metadata(distill: Run) -> None:
    """Also those that cannot be imported: they are what the user has installed."""
    done = distill("types", "--json")
    rows = {row["name"]: row for row in json.loads(done.stdout)["types"]}
    assert {"hush", "grumble", "vanish", "misspelt", "incomplete"} < set(rows)
    assert rows["hush"] == {
        "name": "hush", "distribution": "distill-hush-fixture", "version": "0.3.0",
        "summary": "Plays next to nothing.",
    }  # fmt: skip
    assert all(set(row) == TYPE_KEYS for row in rows.values())
    assert "whisper" not in rows
    assert "listener" not in rows


def test_plugins_tells_what_is_broken_and_why(distill: Run) -> None:
    """The command that helps with broken plugins must work when they are broken: exit 0."""
    done = distill("plugins", "--json")
    assert done.returncode == 0, done.stderr
    rows = {row["name"]: row for row in json.loads(done.stdout)["plugins"]}
    assert all(set(row) == CLAIM_KEYS for row in rows.values())
    broken = {"grumble", "vanish", "misspelt", "incomplete"}
    assert {name for name, row in rows.items() if not row["ok"]} == broken
    assert all(rows[name]["reason"] and rows[name]["cure"] for name in broken)
    assert (rows["hush"]["reason"], rows["hush"]["cure"]) == (None, None)
    kinds = {name: rows[name]["kind"] for name in ("hush", "whisper", "listener")}
    assert kinds == {"hush": "backend", "whisper": "command", "listener": "plugin"}


def test_plugins_shows_rivals_without_importing_them(distill: Run) -> None:
    """Both rows are broken, and say what to choose by; a rival fixture fails when imported."""
    done = distill("plugins", "--json", plugins=("rivals",))
    rows = [row for row in json.loads(done.stdout)["plugins"] if row["name"] == "hush"]
    assert len(rows) == 2
    for row in rows:
        assert "distill-rival-one-fixture and distill-rival-two-fixture" in row["reason"]
        assert "DISTILL_BACKENDS" in row["cure"]
        assert "imported" not in row["reason"]


def test_plugins_is_for_people_too(distill: Run) -> None:
    """Without --json each broken one has a line with its cure."""
    done = distill("plugins")
    assert done.returncode == 0
    assert "distill-quits-fixture (vanish): it quits when it is imported." in done.stdout


def test_rivals_end_training_with_exit_code_6(distill: Run, tmp_path: Path) -> None:
    """A type claimed twice is nobody's; both are named on one line and nothing is on stdout."""
    done = distill("train", "--type", "hush", str(tmp_path), plugins=("rivals",))
    assert (done.returncode, done.stdout) == (6, "")
    assert done.stderr.count("\n") == 1
    assert "distill-rival-one-fixture and distill-rival-two-fixture" in done.stderr


def test_a_broken_type_ends_training_with_exit_code_6(distill: Run, tmp_path: Path) -> None:
    """One line and no traceback: it is not the user's doing, and not ours."""
    done = distill("train", "--type", "vanish", str(tmp_path))
    assert (done.returncode, done.stdout) == (6, "")
    assert done.stderr.count("\n") == 1
    assert "pip uninstall distill-quits-fixture" in done.stderr


def test_an_unknown_type_ends_with_exit_code_2(distill: Run, tmp_path: Path) -> None:
    """A typing error is usage; the nearest name is suggested."""
    done = distill("train", "--type", "husch", str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert "Did you mean hush?" in done.stderr


def test_distill_backends_narrows_the_command(distill: Run) -> None:
    """Empty means none; a distribution's name leaves its types."""
    none = distill("types", "--json", DISTILL_BACKENDS="")
    assert json.loads(none.stdout) == {"types": []}
    told = distill("types", DISTILL_BACKENDS="nobodys").stderr
    assert "DISTILL_BACKENDS is 'nobodys', which leaves no model type. Unset it." in told
    one = distill("types", "--json", plugins=("good",), DISTILL_BACKENDS="distill-hush-fixture")
    assert [row["name"] for row in json.loads(one.stdout)["types"]] == ["hush"]


def test_a_strangers_knobs_are_options_of_train(distill: Run) -> None:
    """Declared once, each kind of knob is a flag with its range, unit and default."""
    done = distill("train", "--type", "hush", "--help")
    assert done.returncode == 0, done.stderr
    told = " ".join(section(done.stdout, "Settings of hush").split())
    for words in (
        "--sample-rate INT Sample rate. [8000 to 192000 Hz; default: 16000]",
        "--width INT Numbers that it remembers. [1 to 64; default: auto]",
        "--color pink|white The colour of its noise. [default: white]",
        "--lr FLOAT Learning rate. [1e-06 to 1; default: 0.01]",
        "--patient / --no-patient Whether it takes half of each step. [default: False]",
        "--nickname TEXT What it calls itself while it learns. [default: shh]",
        "--notes PATH A file that it ignores. [default: auto]",
    ):
        assert words in told
    assert done.stdout.count("Settings of") == 1


def test_train_help_without_a_type_lists_every_types_knobs(distill: Run) -> None:
    """A flag that two types share stands under both headings, each with its own default."""
    done = distill("train", "--help")
    assert done.returncode == 0, done.stderr
    backends = [claim.name for claim in Registry.installed().named("backend")]
    for name in ("hush", *backends):
        told = section(done.stdout, f"Settings of {name}")
        assert "--sample-rate INT" in told, name
        assert "--lr FLOAT" in told, name


def test_a_strangers_knobs_are_options_of_generate(distill: Run) -> None:
    """With its short form, and a table as NAME=VALUE that may be repeated."""
    told = section(distill("generate", "--help").stdout, "Settings of hush")
    assert "-l, --loudness FLOAT" in told
    assert "[0 to 1; default: 0.5]" in told
    assert "--tilt NAME=VALUE" in told


def test_a_model_of_a_strangers_type_has_its_knobs_only(distill: Run, model: Path) -> None:
    """The header says whose model it is, so help says what applies to it."""
    done = distill("generate", str(model), "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Settings of") == 1
    assert "--loudness" in section(done.stdout, "Settings of hush")


def test_a_plugins_command_runs(distill: Run) -> None:
    """A stranger's command is the built-in ones' equal."""
    done = distill("whisper", "hello")
    assert (done.returncode, done.stdout, done.stderr) == (0, "(hello)\n", "")


def test_what_is_no_command_is_told_as_broken(distill: Run, tmp_path: Path) -> None:
    """Someone else's slip must not read like a bug of ours."""
    info = tmp_path / "odd" / "distill_odd-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: distill-odd\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[distill.commands]\nodd = json:dumps\n")
    done = distill("odd", plugins=(str(tmp_path / "odd"),))
    assert done.returncode == 6
    assert "is not a Click command" in done.stderr
    assert "Traceback" not in done.stderr
    rows = json.loads(distill("plugins", "--json", plugins=(str(tmp_path / "odd"),)).stdout)
    assert [row["ok"] for row in rows["plugins"] if row["name"] == "odd"] == [False]


GROUPED = ["plugins new", "presets save", "presets list", "presets remove"]


@pytest.mark.parametrize("command", ["", *COMMANDS, *GROUPED, *COMPANIONS, "whisper"])
def test_help_stays_light(distill: Run, command: str) -> None:
    """Loading torch alone takes seconds; help must come at once, whatever is installed."""
    done = distill(*command.split(), "--help", peek=True)
    assert done.returncode == 0, done.stderr
    assert "Usage:" in done.stdout
    assert done.stderr == "imported:\n"


@pytest.mark.parametrize(
    "words",
    [
        ["types"], ["types", "--json"], ["plugins"], ["info"], ["info", "--json"],
        ["presets list", "--json"],
    ],
)  # fmt: skip
def test_what_reads_metadata_or_headers_stays_light(
    distill: Run, model: Path, words: list[str]
) -> None:
    """Backends' top levels are light, and a header is read without torch."""
    name, *rest = words
    named = [str(model)] if name in {"info", "presets list"} else []
    done = distill(*name.split(), *named, *rest, peek=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert done.stderr.splitlines()[-1] == "imported:"


GREEDY = """
import attrs
from distill_core import ModelType, hookimpl, knob

def frozen(cls): return attrs.frozen(kw_only=True)(cls)

@frozen
class Model:
    sample_rate: int = knob(16000, help="Rate.", short="q")
    channels: int = knob(1, help="Channels.")

@frozen
class Training:
    out: str = knob("x", help="Stands behind -o.", short="o")
    json: bool = knob(False, help="Stands behind --json.", short="d")
    seed: float = knob(1.0, help="Stands behind --seed.")

@frozen
class Generating:
    tilt: float = knob(1.0, help="Wants the short flag of another type.", short="t")
    count: float = knob(1.0, help="Stands behind --count.", short="h")
    help: float = knob(1.0, help="Stands behind --help.")
    as_json: float = knob(1.0, help="Is called as --json is within.")

@hookimpl
def distill_model_types():
    return [ModelType(name="greedy", versions=(1,), summary="", model=Model, training=Training,
                      generating=Generating, rank=-9)]
"""


@pytest.fixture
def greedy(tmp_path: Path) -> str:
    """Install a backend whose knobs are called like options that every type has."""
    entries = "[distill.backends]\ngreedy = distill_greedy\n"
    return str(bring(tmp_path, "distill-greedy", GREEDY, entries))


def test_no_knob_takes_an_option_away(distill: Run, greedy: str, tmp_path: Path) -> None:
    """Only by being installed it sent models elsewhere, and ended `generate` in a traceback."""
    told = distill("train", "--help", plugins=(greedy,)).stdout
    shown = section(told, "Settings of greedy")
    assert "--sample-rate INT" in shown
    assert "-q," not in shown
    for flag in ("--out", "--json", "--seed"):
        assert flag not in shown
        assert flag in section(told, "Options")
    told = distill("generate", "--help", plugins=(greedy,)).stdout
    assert section(told, "Settings of greedy").split()[:2] == ["-t,", "--tilt"]
    assert "Stands behind" not in told
    assert "--as-json FLOAT" in section(told, "Settings of greedy")
    done = distill(
        "generate", "none.distill", "-t", "0.8", "--count", "2", "--json", plugins=(greedy,)
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "There is no model file none.distill" in done.stderr


def test_a_short_flag_is_its_own_types_first(
    distill: Run, greedy: str, kit: Path, tmp_path: Path
) -> None:
    """`-t` is the temperature of what plays the model, whoever else is installed."""
    done = distill(
        "generate", str(kit), "-t", "0.8", "--duration", "0.1", "--seed", "1", plugins=(greedy,)
    )
    assert done.returncode == 0, done.stderr
    assert "temperature 0.8" in done.stderr
    assert "Warning" not in done.stderr


def test_a_plugins_command_that_fails_is_told_in_its_name(distill: Run) -> None:
    """A traceback of a stranger's would read like a bug of ours; -v shows it."""
    done = distill("stumble", plugins=("shadows",))
    assert (done.returncode, done.stdout) == (6, "")
    told = "Error: distill-shadows-fixture 0.1.0 failed in distill stumble: LookupError: nothing to"
    assert done.stderr.startswith(told)
    assert done.stderr.count("\n") == 1
    more = distill("-v", "stumble", plugins=("shadows",))
    assert "Traceback" in more.stderr
    assert more.stderr.endswith("LookupError: nothing to stumble over\n")


def test_a_plugins_command_gives_its_own_exit_code(distill: Run) -> None:
    """As scripts of its author expect."""
    assert distill("farewell", plugins=("shadows",)).returncode == 3
    assert distill("farewell", "--help", plugins=("shadows",)).returncode == 0
    wrong = distill("farewell", "--nonsense", plugins=("shadows",))
    assert wrong.returncode == 2
    assert "No such option" in wrong.stderr


def test_a_command_behind_another_is_never_run(distill: Run, tmp_path: Path) -> None:
    """`distill train` trains, whatever else is called so."""
    for words in (["train"], ["train-prior", "none.distill"]):
        done = distill(*words, str(tmp_path / "none"), plugins=("shadows",))
        assert done.returncode == 2, done.stderr
        assert "stands behind" not in done.stderr


def test_two_commands_of_one_name_are_nobodys(distill: Run, tmp_path: Path) -> None:
    """Both are named, and neither is run."""
    entries = "[distill.commands]\nwhisper = distill_shout\n"
    shout = str(bring(tmp_path, "distill-shout", "1 / 0", entries))
    done = distill("whisper", "hello", plugins=("command", shout))
    assert (done.returncode, done.stdout) == (6, "")
    assert "distill-command-fixture and distill-shout claim the command whisper" in done.stderr


def test_plugins_shows_the_traceback_to_its_author(distill: Run) -> None:
    """One line is for users; who wrote it needs the place."""
    done = distill("plugins", "-v", plugins=("raises",))
    assert done.returncode == 0
    assert "distill_raises_fixture.py" in done.stderr
    assert "Traceback" not in done.stdout


def test_a_broken_default_leaves_the_exit_code_for_backends(distill: Run, tmp_path: Path) -> None:
    """With nothing but broken backends `train` has none, and `plugins` still answers."""
    (tmp_path / "sounds").mkdir()
    broken = {"plugins": BROKEN[:-1], "DISTILL_BACKENDS": "distill-raises-fixture"}
    done = distill("train", "sounds", **broken)
    assert (done.returncode, done.stdout) == (6, "")
    assert "distill-raises-fixture is broken: ImportError: libgrumble.so.7" in done.stderr
    both = broken | {"DISTILL_BACKENDS": "distill-raises-fixture,distill-quits-fixture"}
    told = "None of the installed backends works: distill-quits-fixture, distill-raises-fixture."
    assert f"{told} See why: distill plugins." in distill("train", "sounds", **both).stderr
    rows = json.loads(distill("plugins", "--json", **broken).stdout)["plugins"]
    assert [row["ok"] for row in rows] == [False]
