"""What people look at: run folders read, summed up, drawn as one HTML page, and passed on to TensorBoard."""
