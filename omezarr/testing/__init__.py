"""The conformance kit for plugin authors: registries without surprises, and a suite of tests for each interface.

Each suite is a class to subclass in a test of one's own; pytest runs what it inherits. The suites test what the
interfaces of `omezarr.abc` promise to the rest of omezarr, the way the rest of omezarr uses it. They need pytest, which
the extra ``omezarr[testing]`` installs.

Examples
--------
>>> from omezarr.testing import ScalingMethodSuite
>>> class TestEveryOther(ScalingMethodSuite):
...     @pytest.fixture
...     def method(self):
...         return EveryOther()
"""

import pytest

pytest.register_assert_rewrite(
    "omezarr.testing.formats",
    "omezarr.testing.node_types",
    "omezarr.testing.scaling_methods",
    "omezarr.testing.storage_schemes",
)

from omezarr.testing.formats import FormatVersionSuite  # noqa: E402 - after the assertions have been announced
from omezarr.testing.imports import HEAVY, modules_imported_by  # noqa: E402
from omezarr.testing.node_types import NodeTypeSuite  # noqa: E402
from omezarr.testing.registries import isolated_registry  # noqa: E402
from omezarr.testing.scaling_methods import ScalingMethodSuite  # noqa: E402
from omezarr.testing.storage_schemes import StorageSchemeSuite, WritableSchemeSuite, write_example  # noqa: E402

__all__ = [
    "HEAVY",
    "FormatVersionSuite",
    "NodeTypeSuite",
    "ScalingMethodSuite",
    "StorageSchemeSuite",
    "WritableSchemeSuite",
    "isolated_registry",
    "modules_imported_by",
    "write_example",
]
