"""Lets `python -m distill_cli` be the command, as torchrun needs it."""

from .start import run

run()
