"""Sounds: reading, resampling, datasets and crops. Its modules are heavy, so this name is not."""
