"""Imports what its distribution forgot to declare."""

import distill_not_there.deep  # noqa: F401
