"""Lets `python -m distill_cli` be the command, as torchrun needs it."""

from .main import run

run()
