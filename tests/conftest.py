"""Settings of all tests."""

from hypothesis import HealthCheck, settings

# Shared machines stall now and then; no test here is about time.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
