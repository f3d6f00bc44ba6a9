"""The training of one architecture: its steps, its way from run folder to result, its weights in a file."""
