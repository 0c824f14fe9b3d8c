"""The project's sessions; all of them share one environment, since torch weighs 5 GB."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from pathlib import Path

import nox

nox.options.sessions = ["tests"]
nox.options.default_venv_backend = "none"

ROOT = Path(__file__).parent
HOME = ROOT / ".nox" / "distill"  # the one environment
BIN = HOME / ("Scripts" if os.name == "nt" else "bin")
PYTHON = str(BIN / "python")
STAMP = HOME / "installed.txt"  # what was installed, as a digest
DISTRIBUTIONS = ["distill-core", "distill-vae", "distill-vqvae", "distill-prior", "distill-cli"]
SOURCES = [f"{name}/src" for name in DISTRIBUTIONS]
EXAMPLES = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("examples/*/src"))
BUILDING = ["hatchling", "editables"]
TOOLS = ["pytest", "ruff", "mypy", "safetensors", "packaging", "matplotlib", *BUILDING]
THREADS = "2"


@nox.session
def demo(session: nox.Session) -> None:
    """Make a sound pack, train two models on it, write new sounds, and say where they are."""
    environment(session)
    folder = ROOT / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    home = {"DISTILL_HOME": str(folder / "home")}
    sounds, takes = str(folder / "sounds"), str(folder / "takes")
    kit, hand = str(folder / "kit.distill"), str(folder / "hand.distill")
    same = ["--seed", "1", "--threads", THREADS]
    distill(session, "demo", sounds, env=home)
    distill(session, "train", sounds, "-o", kit, "--minutes", "4", *same, env=home)
    distill(session, "generate", kit, "--count", "8", *same, "-o", takes, env=home)
    distill(session, "train", sounds, "-o", hand, "--type", "vae", "--minutes", "1.5", *same,
            env=home)  # fmt: skip
    told = distill(session, "info", hand, "--json", env=home, silent=True)
    slider = json.loads(told)["extras"]["vae"]["sliders"][0]["name"]
    for position in ("-1", "0", "1"):
        words = ["generate", hand, "--slider", f"{slider}={position}", *same, "-o", takes]
        distill(session, *words, env=home)
    walk = ["--mode", "interpolate", "--duration", "12", "--spatial", "stereo"]
    distill(session, "generate", hand, *walk, *same, "-o", takes, env=home)
    session.log(f"New sounds: {takes}")


@nox.session
def tests(session: nox.Session) -> None:
    """Run everything that CI runs: lint, types, tests, and each distribution alone."""
    lint(session)
    types(session)
    limited = {"OMP_NUM_THREADS": THREADS}
    session.run(PYTHON, "-m", "pytest", *session.posargs, external=True, env=limited)
    alone(session)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, and that the pages made from the sources are as those are now."""
    environment(session)
    session.run(PYTHON, "-m", "ruff", "check", ".", external=True)
    session.run(PYTHON, "-m", "ruff", "format", "--check", ".", external=True)
    session.run(PYTHON, "docs/generate.py", "--check", external=True)


@nox.session
def docs(session: nox.Session) -> None:
    """Make docs/hooks.md and docs/commands.md from the sources."""
    environment(session)
    session.run(PYTHON, "docs/generate.py", external=True)


@nox.session
def types(session: nox.Session) -> None:
    """Check types, strictly, in the sources."""
    environment(session)
    session.run(PYTHON, "-m", "mypy", *SOURCES, *EXAMPLES, external=True)


@nox.session
def alone(session: nox.Session) -> None:
    """Run each distribution with nothing but what it declares (links, not copies)."""
    environment(session)
    wheels = ROOT / ".nox" / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    for name in DISTRIBUTIONS:
        build = ["-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
        session.run(PYTHON, *build, "-w", str(wheels), f"./{name}", external=True)
    for name in DISTRIBUTIONS:
        session.run(PYTHON, "tests/alone/check.py", name, str(wheels), external=True)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure what is claimed about speed and sound; needs DISTILL_REFERENCE for the real set."""
    environment(session)
    for script in ("run.py", "vae.py"):
        session.run(PYTHON, f"benchmarks/{script}", *session.posargs, external=True)


def environment(session: nox.Session) -> None:
    """Make the environment, or bring it up to date when what it should hold has changed."""
    files = [ROOT / "constraints.txt", *(ROOT / name / "pyproject.toml" for name in DISTRIBUTIONS)]
    wanted = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    if not Path(PYTHON).exists():
        session.run(sys.executable, "-m", "venv", str(HOME), external=True)
    install = [PYTHON, "-m", "pip", "install", "-q", "-c", "constraints.txt"]
    editable = [word for name in DISTRIBUTIONS for word in ("-e", f"./{name}")]
    session.run(*install, *TOOLS, external=True)
    session.run(*install, "--no-build-isolation", *editable, external=True)
    STAMP.write_text(wanted)


def distill(session: nox.Session, *words: str, env: dict[str, str], silent: bool = False) -> str:
    """Run the `distill` command; give what it printed where that is not shown."""
    return str(session.run(str(BIN / "distill"), *words, external=True, env=env, silent=silent))
