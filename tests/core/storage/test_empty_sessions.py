"""Conversations in which nothing was said leave no trace."""

from __future__ import annotations

import pytest

from hermes_core.errors import SessionNotFound
from hermes_core.messages import Message
from hermes_core.paths import Home
from hermes_core.storage.records import SessionRecord
from hermes_core.storage.store import Store


@pytest.mark.ac("store-empty-sessions")
async def test_empty_conversation_is_not_listed_and_not_the_newest(home: Home) -> None:
    store = await Store.open(home)
    try:
        await store.create_session(SessionRecord(id="spoken", started_at=1.0))
        await store.commit("spoken", messages=[Message(role="user", content="hi", message_id="m")])
        await store.create_session(SessionRecord(id="silent"))
        assert await store.latest() == "spoken"
        assert [row.id for row in await store.list_sessions()] == ["spoken"]
    finally:
        await store.aclose()


@pytest.mark.ac("store-empty-sessions")
async def test_only_empty_conversations_are_forgotten(home: Home) -> None:
    store = await Store.open(home)
    try:
        await store.create_session(SessionRecord(id="spoken", started_at=1.0))
        await store.commit("spoken", messages=[Message(role="user", content="hi", message_id="m")])
        for session_id in ("silent", "titled", "old"):
            await store.create_session(SessionRecord(id=session_id, started_at=1.0))
        await store.set_title("titled", "Plans")
        assert await store.forget_empty("silent") == 1
        assert await store.forget_empty("spoken") == 0
        assert await store.forget_empty() == 1
        with pytest.raises(SessionNotFound):
            await store.session("old")
        assert (await store.session("titled")).title == "Plans"
    finally:
        await store.aclose()
