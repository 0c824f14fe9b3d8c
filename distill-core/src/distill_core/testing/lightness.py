"""What the import of a plugin brings with it, seen in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys

HEAVY = ("torch", "torchaudio", "numpy", "soundfile", "rich")  # what no --help should wait for
PATIENCE = 120.0  # seconds for an import
MARK = "heavy: "  # before the answer, on a line that nothing else prints

# Asked before every other finder for each module that is not there yet; it finds none, and
# remembers who wanted it: the innermost line of the plugin's own code.
WATCH = """
import json, sys, traceback
from importlib.metadata import EntryPoint

value, mark, *heavy = sys.argv[1:]
point = EntryPoint(name="it", group="distill.backends", value=value)
package, wanted = point.module.partition(".")[0], {}

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name in heavy and name not in wanted:
            lines = [frame for frame, _ in traceback.walk_stack(sys._getframe(1))]
            own = [each for each in lines
                   if str(each.f_globals.get("__name__")).partition(".")[0] == package]
            line = f"{own[0].f_code.co_filename}:{own[0].f_lineno}" if own else ""
            if not line or line not in wanted.values():  # what torch itself imports is torch's
                wanted[name] = line
        return None

sys.meta_path.insert(0, Watch())
point.load().distill_model_types()
found = {name: line for name, line in wanted.items() if name in sys.modules}
sys.__stdout__.write("\\n" + mark + json.dumps(found))
"""


def heavy_imports(value: str) -> tuple[dict[str, str], str]:
    """Import a plugin's module afresh and ask for its types.

    Args:
        value: what its entry point names.

    Returns:
        Which heavy modules came with it, each with the line ("file:number") of the plugin that
        wanted it, or "" where that is not known; and what the process said when it failed.
    """
    command = [sys.executable, "-c", WATCH, value, MARK, *HEAVY]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(each for each in sys.path if each)}
    try:
        done = subprocess.run(  # noqa: S603 - the author's own module
            command, capture_output=True, text=True, timeout=PATIENCE, env=environment, check=False
        )
    except subprocess.TimeoutExpired:
        return {}, f"nothing came back within {PATIENCE:g} s"
    said = done.stdout.rpartition(MARK)[2] if MARK in done.stdout else ""
    if done.returncode or not said:
        return {}, (done.stderr.strip().splitlines() or ["it quit without a word"])[-1]
    found: dict[str, str] = json.loads(said)
    return found, ""
