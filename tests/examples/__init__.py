"""The example distributions, installed as a stranger's are."""
