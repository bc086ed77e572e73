"""Rules are tried out by Hypothesis on whatever machine there is: how long that takes says nothing of them."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
