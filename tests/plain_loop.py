"""An event loop without debugging, for tests that draw; a `conftest.py` imports it.

Debugging keeps a traceback of every callback. A screen makes thousands of callbacks a test,
so that it takes a third of the time there; the core's tests have it on.
"""

from __future__ import annotations

import asyncio

import pytest


@pytest.fixture(autouse=True)
async def plain_loop() -> None:
    """Switch the debugging of this test's loop off."""
    asyncio.get_running_loop().set_debug(False)
