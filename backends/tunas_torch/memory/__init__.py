"""The memory that a step takes: how much, what is computed again to take less, and what is freed."""
