"""Blocks and losses that backends share."""
