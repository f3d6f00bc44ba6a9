"""What searches and trainings have in common: their start, the loop, its checkpoints, and other processes."""
