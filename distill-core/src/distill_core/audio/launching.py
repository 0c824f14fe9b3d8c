"""Start the decoding process.

Never by multiprocessing: its children import the user's script again.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import DistillError

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # numpy's, not needed
MODULE = "distill_core.audio.worker"  # its `serve` is what runs there
BOOT = (
    "import sys; from importlib import import_module;"
    " sys.path[:] = sys.argv[2:]; import_module(sys.argv[1]).serve()"
)


def launch() -> subprocess.Popen[bytes]:
    """Start it apart from the terminal and deaf to it: Ctrl-C is the parent's to answer.

    Its stderr goes nowhere: libmpg123 writes notes there about files that it then reads well.

    Raises:
        OSError: there is no interpreter, or the system is out of processes or memory.
    """
    if not sys.executable:
        raise OSError("no Python interpreter is known (sys.executable is empty)")
    options: dict[str, Any] = {}
    if sys.platform == "win32":
        options["creationflags"] = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    else:
        options["process_group"] = 0
    apart = "-I" if sys.flags.isolated else "-P"  # from the environment, or from the folder alone
    with _signals_blocked():
        return subprocess.Popen(  # noqa: S603 - our own interpreter and our own module
            [sys.executable, apart, "-W", "ignore", "-c", BOOT, MODULE, *_search_path()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd=Path(sys.executable).anchor or None,  # it must not keep the user's folder in use
            env=os.environ | dict.fromkeys(ONE_THREAD, "1"),
            **options,
        )


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """Block the signals that a group or a service manager gets; a child inherits that for good.

    The process ends with its stdin, or is killed. A group of its own does not do by itself: at its
    very start it still has its parent's.
    """
    if sys.platform == "win32":
        yield
    else:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _search_path() -> list[str]:
    """Say where modules are found: as here, but the user's own folders come last.

    A numpy.py among the sounds, or beside the user's script, must not be taken for numpy.
    """
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    own = {os.path.abspath("")} | ({os.path.dirname(os.path.abspath(script))} if script else set())  # noqa: PTH100, PTH120
    places = [os.path.abspath(place) for place in sys.path if isinstance(place, str)]  # noqa: PTH100
    last = [place for place in places if place in own]
    return [place for place in places if place not in own] + [str(Path(__file__).parents[2]), *last]


def unavailable(reason: str) -> DistillError:
    """Say that nothing can be decoded at all, which is not the fault of any file."""
    return DistillError(
        f"Sounds cannot be decoded: the decoding process could not be started: {reason}.",
        f"See what this says: {sys.executable} -c 'import {MODULE}'.",
    )
