"""Needs a core that is not there yet; importing it would only tell of some missing name."""

raise AssertionError("a plugin for another core was imported")
