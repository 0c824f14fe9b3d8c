"""The distill command: what a person types, and what they see."""
