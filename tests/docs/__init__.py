"""What the pages under docs/ say is held against what is."""
