"""Deliberately wrong backends, each a few lines on top of a right one, in a module of its own.

Each module's docstring says what is wrong with it. `right` passes the whole suite.
"""
