"""One of two that claim hush; importing either would already be taking sides."""

raise AssertionError("a rival was imported")
