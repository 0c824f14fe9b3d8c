"""What the benchmarks are told on the command line."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import torch


def read_arguments(description: str | None) -> argparse.Namespace:
    """Read the command line of a benchmark that trains; make its folder and set the threads.

    Args:
        description: the benchmark's own.
    """
    parser = argparse.ArgumentParser(description=description)
    reference = os.environ.get("DISTILL_REFERENCE")
    parser.add_argument("--data", type=Path, default=reference and Path(reference))
    parser.add_argument("--minutes", type=float, default=5, help="of the codec, or the VAE")
    parser.add_argument("--prior-minutes", type=float, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("bench"))
    parser.add_argument("--judge", action="store_true", help="judge what is in --out already")
    told = parser.parse_args()
    if not told.data:
        parser.error("name a folder of sounds with --data or DISTILL_REFERENCE")
    torch.set_num_threads(told.threads)
    told.out.mkdir(parents=True, exist_ok=True)
    return told
