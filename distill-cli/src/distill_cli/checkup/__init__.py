"""What Distill runs on, and a cure for each fault. It must work where little else does."""
