"""The half of the suite that needs no torch: what a backend says of itself, and how it says it."""

from __future__ import annotations

from .discovery import DiscoveryTests
from .hooking import HookTests
from .settings import SettingsTests


class ContractTests(HookTests, SettingsTests, DiscoveryTests):  # pytest runs the last base first
    """Everything about a backend that shows before it builds a network."""
