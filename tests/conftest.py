"""What all tests share."""

from __future__ import annotations

from tests.fixtures.distributions import installed
from tests.fixtures.servers import _moto, http_server, s3_server

__all__ = ["_moto", "http_server", "installed", "s3_server"]
