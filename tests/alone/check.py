"""Show that a distribution works with nothing but what it declares: `check.py NAME WHEELS`.

Its wheel is unpacked beside links to its declared requirements, and theirs; an isolated Python
that sees only those two folders imports every module. No package is copied: torch weighs 5 GB.
A subpackage that only an extra's users need has the extra's name, and is left to a second round.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import PathDistribution
from pathlib import Path
from zipfile import ZipFile

from declared import undeclared
from links import link_all
from packaging.utils import canonicalize_name, parse_wheel_filename
from requirements import closure, requirements

# runs in the isolated Python: imports every module, then loads every entry point of ours
IMPORT = """
import sys
distributed, later, *path = sys.argv[1:]
sys.path += path
from importlib import import_module
from importlib.metadata import distribution
from pkgutil import walk_packages
top = import_module(distributed.replace("-", "_"))
later = tuple(f"{top.__name__}.{each}." for each in later.split())
names = [found.name for found in walk_packages(top.__path__, top.__name__ + ".")]
for name in [name for name in names if name.startswith(later)]:
    if not name.endswith(".smoke"):  # which `distill plugins --check` needs without any extra
        names.remove(name)
for name in names:
    if not name.endswith(".__main__"):
        import_module(name)
points = [p for p in distribution(distributed).entry_points if p.group.startswith("distill.")]
for point in points:
    point.load()
print(len(names) + 1, "modules and", len(points), "entry points")
"""
# runs a command as its script would
COMMAND = """
import sys
count = int(sys.argv[1])
sys.path += sys.argv[2:2 + count]
from importlib.metadata import entry_points
(script,) = [p for p in entry_points(group="console_scripts") if p.name == sys.argv[2 + count]]
sys.argv = sys.argv[2 + count:]
sys.exit(script.load()())
"""
# that must work while no backend is installed
COMMANDS = {"distill-cli": [["distill", "--help"], ["distill", "types"]]}
EXTRAS = {"distill-core": frozenset({"testing"})}


def main(name: str, folder: Path) -> str:
    """Check one distribution and say in a line what was shown."""
    wheels = {parse_wheel_filename(path.name)[0]: path for path in folder.glob("*.whl")}
    name = canonicalize_name(name)
    if name not in wheels:
        raise SystemExit(f"{folder} holds no wheel of {name}, only: {', '.join(sorted(wheels))}.")
    with tempfile.TemporaryDirectory() as temporary:
        unpacked = {each: Path(temporary) / "wheels" / each for each in wheels}
        for each, path in wheels.items():
            with ZipFile(path) as wheel:
                wheel.extractall(unpacked[each])
        ours = {each: PathDistribution(_info(path)) for each, path in unpacked.items()}
        extras = EXTRAS.get(name, frozenset())
        faults = undeclared(name, unpacked, set(requirements(ours[name], extras)))
        if faults:
            raise SystemExit("\n".join(faults))
        needed, path = seen(name, unpacked, ours, Path(temporary) / "links")
        shown = isolated(IMPORT, name, " ".join(extras), *path)
        for words in COMMANDS.get(name, []):
            isolated(COMMAND, str(len(path)), *path, *words)
            shown += f", `{' '.join(words)}`"
        if extras:
            _, path = seen(name, unpacked, ours, Path(temporary) / "more", extras)
            shown += f" (with {', '.join(extras)}: {isolated(IMPORT, name, '', *path)})"
    return f"{name} alone: {shown} beside the {needed - 1} distributions it needs"


def seen(
    name: str,
    unpacked: Mapping[str, Path],
    ours: Mapping[str, PathDistribution],
    links: Path,
    extras: frozenset[str] = frozenset(),
) -> tuple[int, list[str]]:
    """Count what a distribution needs, itself included, and say where Python finds all of it."""
    needed = closure(name, ours, extras)
    link_all(needed - set(ours), links)
    return len(needed), [*(str(unpacked[each]) for each in sorted(needed & set(ours))), str(links)]


def isolated(code: str, *words: str) -> str:
    """Run code in a Python without site-packages, environment and user settings."""
    command = [sys.executable, "-I", "-S", "-B", "-c", code, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"With only what it declares:\n{done.stderr.strip()}")
    return done.stdout.strip()


def _info(folder: Path) -> Path:
    (info,) = folder.glob("*.dist-info")
    return info


if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1], Path(sys.argv[2])) + "\n")
