"""What tells an author that a backend is right."""
