"""A throw-away environment to install strangers' distributions into, as a user would.

It sees everything of the environment that the tests run in (torch weighs 5 GB) through a `.pth`
file, and our own sources from this checkout; what is installed into it is in no one else's way.
"""

from __future__ import annotations

import os
import subprocess
import sysconfig
import venv
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMMANDS = ("distill", "pip", "pytest")  # of the parent, that can be typed here too
SCRIPT = """#!{python}
import sys
from {module} import {function}
sys.exit({function}())
"""
SECONDS = 300  # that one command may take


class Environment:
    """A Python environment in a folder of its own.

    Attributes:
        path: its folder.
        bin: where its commands are.
        variables: the environment variables of what runs in it: no network for pip, a library of
            its own, one thread, and nothing of ours on the path but what is installed.
    """

    def __init__(self, path: Path) -> None:
        """Make it, in about a quarter of a second."""
        self.path, self.bin = path, path / "bin"
        venv.EnvBuilder(symlinks=True).create(path)
        inherited = [ROOT / f"distill-{name}" / "src" for name in _ours()]
        found = {sysconfig.get_path(key) for key in ("purelib", "platlib")}
        lines = [*map(str, inherited), *sorted(found)]
        site = Path(sysconfig.get_path("purelib", "venv", {"base": str(path)}))
        (site / "distill-parent.pth").write_text("\n".join(lines), encoding="utf-8")
        for point in entry_points(group="console_scripts"):
            if point.name in COMMANDS:
                self._write_command(point.name, point.module, point.attr)
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("DISTILL_", "PYTEST_", "PIP_", "COV_"))
            and key not in {"PYTHONPATH", "PYTHONHOME"}
        }
        self.variables = kept | {
            "PATH": os.pathsep.join([str(self.bin), kept.get("PATH", os.defpath)]),
            "VIRTUAL_ENV": str(path),
            "DISTILL_HOME": str(path / "home"),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_INDEX": "1",
            "PIP_NO_BUILD_ISOLATION": "0",  # pip reads it the wrong way round: it builds right here
            "OMP_NUM_THREADS": "1",
            "COLUMNS": "100",
        }

    def run(
        self,
        *words: object,
        cwd: Path | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command that is installed here, or any other; whatever it ends with.

        Args:
            words: the command and its arguments: `run("distill", "types")`.
            cwd: the folder to run it in; the environment's own by default.
            variables: more environment variables.
        """
        program = self.bin / str(words[0])
        command = [str(program if program.exists() else words[0]), *map(str, words[1:])]
        return subprocess.run(
            command, cwd=cwd or self.path, env=self.variables | dict(variables or {}),
            capture_output=True, text=True, encoding="utf-8", timeout=SECONDS, check=False,
        )  # fmt: skip

    def python(self, *words: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run its Python: `python("-c", "import distill_hush")`."""
        return self.run("python", *words, cwd=cwd)

    def pip(self, *words: object) -> str:
        """Run its pip, which must succeed: `pip("install", folder)`; give what it said.

        Requirements must be there already: nothing is downloaded.
        """
        done = self.run("pip", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _write_command(self, name: str, module: str, function: str) -> None:
        script = self.bin / name
        python = self.bin / "python"
        text = SCRIPT.format(python=python, module=module, function=function)
        script.write_text(text, encoding="utf-8")
        script.chmod(0o755)


def _ours() -> list[str]:
    """Name our distributions, without what all their names begin with."""
    found = sorted(ROOT.glob("distill-*/pyproject.toml"))
    return [path.parent.name.removeprefix("distill-") for path in found]
