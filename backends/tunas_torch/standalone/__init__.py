"""One architecture as an ordinary PyTorch network."""
