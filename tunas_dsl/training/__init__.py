"""What training one architecture alone is, without a tensor: settings, run folder, results."""
