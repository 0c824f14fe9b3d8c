"""Generating: from a request to takes, files and their recipes."""
