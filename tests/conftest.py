"""Settings of all tests."""

import os

from hypothesis import HealthCheck, settings

# Shared machines stall now and then; no test here is about time.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

# Workers of the suite share the cores: threads of their own would wait for each other. Before torch loads.
os.environ.setdefault("OMP_NUM_THREADS", "1")
