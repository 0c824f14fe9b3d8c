"""A new backend's first files: small, whole, and right by the conformance suite."""
