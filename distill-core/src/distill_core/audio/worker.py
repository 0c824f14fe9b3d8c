"""The decoding process: reads file names on stdin and answers with samples and facts on stdout.

It is started by `launching` and imports neither torch nor anything of the user's. Whatever a sound
file does to libsndfile happens here, and costs that file alone.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import IO

from attrs import asdict

from ..errors import AudioError
from . import wire
from .decoding import Decoder

MEMORY = 192 << 20  # bytes of address space for decoding; a legitimate file needs some MiB
ALIVE_EVERY = 0.25  # seconds


def serve() -> None:
    """Answer requests one after another, until the parent closes stdin or is gone."""
    answers = _take_stdout()
    requests: SimpleQueue[wire.Frame] = SimpleQueue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    _bound()
    with suppress(OSError):  # the parent is gone
        answers.write(wire.HELLO)
        answers.flush()
        while True:
            _Answer(requests.get(), answers).give()
    os._exit(0)


class _Answer:
    """The answer to one request, written while the file is decoded."""

    def __init__(self, request: wire.Frame, file: IO[bytes]) -> None:
        self._samples = request.kind == wire.SAMPLES
        self._path = Path(os.fsdecode(bytes(request.payload)))
        self._file = file
        self._told = time.monotonic()

    def give(self) -> None:
        """Decode the file; whatever is wrong with it becomes the answer."""
        try:
            self._decode()
        except AudioError as error:
            self._say(wire.REFUSED, error.message)
        except MemoryError:
            self._say(wire.FAILED, "takes too much memory to decode")
        except BrokenPipeError:
            raise
        except Exception as error:  # a fault of ours, but it must not end a run of 1,000 files
            told = " ".join(f"{type(error).__name__}: {error}".split())
            self._say(wire.FAILED, f"the decoder failed on it ({told})")

    def _decode(self) -> None:
        with Decoder(self._path, self._alive) as decoder:
            opened = {"sample_rate": decoder.sample_rate, "channels": decoder.channels}
            self._say(wire.OPENED, json.dumps(opened))
            for block in decoder:
                if self._samples:
                    wire.write_frame(self._file, wire.BLOCK, block.data.cast("B"))
                else:
                    self._alive()
            facts = decoder.facts()
        self._say(wire.DONE, json.dumps(asdict(facts)))

    def _alive(self) -> None:
        """Tell that work goes on, not too often."""
        now = time.monotonic()
        if now - self._told >= ALIVE_EVERY:
            self._told = now
            self._say(wire.ALIVE, "")

    def _say(self, kind: bytes, words: str) -> None:
        wire.write_frame(self._file, kind, words.encode("utf-8", "backslashreplace"))


def _listen(requests: SimpleQueue[wire.Frame]) -> None:
    """Take requests in; leave at once when no more can come, even from inside an endless loop."""
    with suppress(EOFError, OSError, ValueError), open(0, "rb", buffering=0, closefd=False) as file:
        while True:
            requests.put(wire.read_frame(file))
    os._exit(0)


def _take_stdout() -> IO[bytes]:
    """Keep stdout for answers alone; what anything prints goes nowhere."""
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return answers


def _bound() -> None:
    """Bound memory where the system can, and let a crash leave neither a core file nor a window."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.SetErrorMode(msvcrt.SEM_FAILCRITICALERRORS | msvcrt.SEM_NOGPFAULTERRORBOX)
    else:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with suppress(OSError, ValueError):  # no /proc (macOS), or no such limit
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            soft, hard = resource.getrlimit(resource.RLIMIT_AS)
            known = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
            most = min([pages * resource.getpagesize() + MEMORY, *known])
            resource.setrlimit(resource.RLIMIT_AS, (most, hard))
