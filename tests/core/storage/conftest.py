"""An open store for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hermes_core.paths import Home
from hermes_core.storage.records import SessionRecord
from hermes_core.storage.store import Store


@pytest.fixture
async def store(home: Home) -> AsyncIterator[Store]:
    """The store of the test's empty home, with one session `s1`."""
    opened = await Store.open(home)
    await opened.create_session(SessionRecord(id="s1", model="m", cwd="/w"))
    yield opened
    await opened.aclose()
