"""Distill's own suite tells whether this backend is right."""

from distill_core.testing import BackendTests


class TestMosaic(BackendTests):
    """Every backend's tests; what is only this one's goes below."""

    model_type = "mosaic"
