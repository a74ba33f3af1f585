"""Every built-in scaling method keeps what the interface promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from omezarr.testing import ScalingMethodSuite, isolated_registry

if TYPE_CHECKING:
    from omezarr.abc import ScalingMethod

METHODS = isolated_registry().scaling_methods
NOT_LINEAR = ("laplacian", "max", "median", "min", "mode")
"""Methods that do not map a straight ramp to a straight ramp at the place of their geometry."""


class TestLinearMethods(ScalingMethodSuite):
    @pytest.fixture(params=[name for name in METHODS if name not in NOT_LINEAR])
    def method(self, request: pytest.FixtureRequest) -> ScalingMethod:
        return METHODS[request.param]


class TestOtherMethods(ScalingMethodSuite):
    linear = False

    @pytest.fixture(params=[name for name in METHODS if name in NOT_LINEAR] or ["nearest"])
    def method(self, request: pytest.FixtureRequest) -> ScalingMethod:
        return METHODS[request.param]
