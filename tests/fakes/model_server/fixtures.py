"""The scripted model server as a pytest fixture (a plugin of `tests/conftest.py`)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.fakes.model_server.server import ModelServer


@pytest.fixture
async def model_server() -> AsyncIterator[ModelServer]:
    """A server in this loop; the test fails if its script was not played to the end."""
    server = await ModelServer().start()
    yield server
    await server.aclose()
    server.assert_done()
