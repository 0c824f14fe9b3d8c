"""What networks of several backends are made of."""
