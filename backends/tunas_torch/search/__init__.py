"""The search: its steps, its way from run folder to result, and what its weights are asked afterwards."""
