"""Training: one loop for every backend, its run folder, its checkpoints."""
