"""How good a model is, in numbers: its sound, its codes, its speed."""
