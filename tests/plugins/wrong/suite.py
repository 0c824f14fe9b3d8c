"""The conformance suite over every wrong backend, for the pytest within test_wrong.py.

A class each, made here: what a stranger's test file has is the same three lines for each of them.
"""

from __future__ import annotations

from importlib.metadata import distributions
from pathlib import Path

from distill_core.claims import installed_claims
from distill_core.testing import BackendTests

HERE = Path(__file__).parent
NAMES = [claim.name for claim in installed_claims(distributions(path=[str(HERE)]))]

for name in NAMES:
    globals()[f"Test_{name}"] = type(f"Test_{name}", (BackendTests,), {"model_type": name})
