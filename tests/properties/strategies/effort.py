"""How hard property tests try: `EXAMPLES=1000 pytest tests/properties` tries harder."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

TRIES = int(os.environ.get("EXAMPLES", "40"))

EFFORT = settings(
    max_examples=TRIES,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
        # A database serves all examples of a test; each rolls its changes back.
        HealthCheck.function_scoped_fixture,
    ],
)
