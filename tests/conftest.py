"""What all tests share."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from tests.fixtures.distributions import installed
from tests.fixtures.servers import _moto, http_server, s3_server

__all__ = ["_moto", "http_server", "installed", "s3_server"]

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")  # how long examples take says more of the machine than of the code
