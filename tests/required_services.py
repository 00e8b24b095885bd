"""Services that must not be skipped where `HERMES_TEST_REQUIRE` names them.

A test marked `service("llama.cpp")` skips with its reason on a machine that lacks it.
Continuous integration installs some and names them, comma-separated; a skip of one
of those is a failure there.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

REQUIRED = frozenset(
    name.strip() for name in os.environ.get("HERMES_TEST_REQUIRE", "").split(",") if name.strip()
)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of a required service into a failure."""
    report = yield
    marker = item.get_closest_marker("service")
    if report.skipped and marker is not None and marker.args[0] in REQUIRED:
        report.outcome = "failed"
        report.longrepr = f"{marker.args[0]} must not be skipped here: {report.longrepr}"
    return report
