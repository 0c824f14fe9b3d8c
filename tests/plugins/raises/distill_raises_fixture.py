"""Fails when it is imported, as a plugin does whose library has the wrong version."""

raise ImportError("libgrumble.so.7: cannot open shared object file")
