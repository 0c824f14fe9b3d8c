"""The built-in types keep what every stranger's has to, by the same suite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from distill_core.claims import Claim, installed_claims
from distill_core.testing import BackendTests
from distill_core.testing.bundled import NAME, TOY, Bundled

CODEC: Mapping[str, Any] = {
    "hidden_size": 32, "layers": 1, "slow_layers": 1, "encoder_layers": 1, "batch": 2,
    "codebook_size": 16,
}  # fmt: skip
VAE: Mapping[str, Any] = {
    "hidden_size": 32, "layers": 1, "slow_layers": 1, "encoder_layers": 1, "batch": 2,
    "n_mels": 64, "phase_rounds": 1, "latent_size": 8,
}  # fmt: skip
PRIOR: Mapping[str, Any] = {
    "hidden_size": 32, "layers": 1, "heads": 1, "seq_len": 32, "encodings": 2, "batch": 2,
}  # fmt: skip


class TestVAE(BackendTests):
    """What is played by sliders."""

    model_type = "vae"
    small = VAE


class TestVQVAE(BackendTests):
    """The codec."""

    model_type = "vqvae"
    small = CODEC


class TestPrior(BackendTests):
    """What plays a codec, on the suite's own toy."""

    model_type = "prior"
    small = PRIOR


class TestPriorOnVQVAE(TestPrior):
    """The same, on the codec that it is installed with."""

    host = "vqvae"
    host_small = CODEC


class TestToy(BackendTests):
    """The suite's own codec, which companions are tried on, is right itself."""

    model_type = TOY
    excused: ClassVar[Mapping[str, str]] = {
        "test_its_import_pulls_nothing_heavy": "only tests import it, which have torch anyway",
    }

    @pytest.fixture(scope="class")
    @classmethod
    def installed(cls) -> tuple[Claim, ...]:
        """Find it where it is: in no environment."""
        return installed_claims([Bundled()], NAME)
