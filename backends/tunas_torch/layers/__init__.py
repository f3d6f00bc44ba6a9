"""The layers of the supernet: shared weights, what a path uses of them, and what it computes with that."""
