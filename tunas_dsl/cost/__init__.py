"""From a space to numbers: multiply-adds, parameters, latency, exact statistics and samples; NumPy alone."""
