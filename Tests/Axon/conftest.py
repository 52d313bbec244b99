"""Set no time limit for a single example of a property test: the machine may be busy."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "without deadlines", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("without deadlines")
