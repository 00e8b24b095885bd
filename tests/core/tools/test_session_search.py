"""session_search over a real store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hermes_core.messages import Message
from hermes_core.paths import Home
from hermes_core.storage.recall import StoreRecall
from hermes_core.storage.records import SessionRecord
from hermes_core.storage.store import Store
from hermes_core.tools.base import ToolResult
from hermes_core.tools.state.session_search import SessionSearch, SessionSearchArgs
from tests.fakes.tool_context import tool_context


@pytest.fixture
async def store(home: Home) -> AsyncIterator[Store]:
    """Five conversations: an old one, the current one, a child of each, a hidden one."""
    opened = await Store.open(home)
    for record in (
        SessionRecord(id="old", model="m1", started_at=10.0, user_id="ann"),
        SessionRecord(id="current", started_at=20.0, user_id="ann"),
        SessionRecord(id="old-child", kind="subagent", parent_session_id="old", started_at=11.0),
        SessionRecord(
            id="current-child", kind="subagent", parent_session_id="current", started_at=21.0
        ),
        SessionRecord(id="hidden", source="tool", started_at=30.0),
    ):
        await opened.create_session(record)
    for session_id, role, content in (
        ("old", "user", "please mend the zebra crossing"),
        ("old", "assistant", "the zebra is mended"),
        ("current", "user", "what about the zebra"),
        ("old-child", "assistant", "a giraffe was seen"),
        ("current-child", "assistant", "an okapi was seen"),
        ("hidden", "user", "zebra zebra zebra"),
    ):
        message = Message(role=role, content=content, timestamp=86_400.0)  # type: ignore[arg-type]
        await opened.commit(session_id, messages=[message])
    await opened.set_title("old", "Zoo")
    yield opened
    await opened.aclose()


async def ask(store: Store, tmp_path: Path, user_id: str | None = None, **args: Any) -> ToolResult:
    context = tool_context(
        tmp_path, session_id="current", recall=StoreRecall(store, user_id=user_id)
    )
    return await SessionSearch().run(SessionSearchArgs(**args), context)


async def test_a_word_of_an_old_conversation_is_found_and_not_of_this_one(
    store: Store, tmp_path: Path
) -> None:
    result = await ask(store, tmp_path, query="zebra")
    assert result.data["success"] is True
    (hit,) = result.data["results"]
    assert (hit["session_id"], hit["model"], hit["source"]) == ("old", "m1", "cli")
    assert hit["when"] == "1970-01-02 00:00 UTC"
    assert ">>>zebra<<<" in hit["summary"]
    assert (result.data["count"], result.data["sessions_searched"]) == (1, 1)
    assert result.summary == "1 hit"


async def test_what_a_subagent_said_belongs_to_its_conversation(
    store: Store, tmp_path: Path
) -> None:
    (hit,) = (await ask(store, tmp_path, query="giraffe")).data["results"]
    assert (hit["session_id"], hit["title"]) == ("old", "Zoo")
    own = await ask(store, tmp_path, query="okapi")
    assert own.data["results"] == []
    assert own.data["message"] == "No matching sessions found."


async def test_roles_can_be_chosen(store: Store, tmp_path: Path) -> None:
    result = await ask(store, tmp_path, query="zebra", role_filter="assistant, nonsense")
    assert [hit["role"] for hit in result.data["results"]] == ["assistant"]


async def test_without_a_query_the_newest_are_listed(store: Store, tmp_path: Path) -> None:
    result = await ask(store, tmp_path, query="  ", limit=99)
    assert result.data["mode"] == "recent"
    (other,) = result.data["results"]
    assert set(other) == {
        *("session_id", "title", "source", "started_at", "last_active", "message_count", "preview")
    }
    assert (other["session_id"], other["preview"]) == ("old", "please mend the zebra crossing")


@pytest.mark.ac("search-own-user")
async def test_another_users_conversations_stay_closed(store: Store, tmp_path: Path) -> None:
    assert (await ask(store, tmp_path, user_id="bob", query="zebra")).data["results"] == []
    assert (await ask(store, tmp_path, user_id="bob")).data["results"] == []
    assert len((await ask(store, tmp_path, user_id="ann", query="zebra")).data["results"]) == 1


@pytest.mark.ac("search-hostile")
@pytest.mark.parametrize("query", ['"unbalanced', "AND", "***", "a-b.c"])
async def test_odd_queries_are_answered(store: Store, tmp_path: Path, query: str) -> None:
    assert (await ask(store, tmp_path, query=query)).data["success"] is True


def test_the_model_is_offered_three_optional_parameters() -> None:
    schema = SessionSearch().schema()
    assert set(schema["parameters"]["properties"]) == {"query", "role_filter", "limit"}
    assert not schema["parameters"].get("required")
    assert len(schema["description"]) > 100
