"""The plan: replaced, merged, read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from hermes_core.messages import TodoItem
from hermes_core.tools.base import ToolResult
from hermes_core.tools.state.todo import Todo, TodoArgs
from tests.fakes.tool_context import FakeTodos, tool_context

PLAN = (TodoItem(id="1", content="one"), TodoItem(id="2", content="two", status="in_progress"))


async def run(todos: FakeTodos, call: dict[str, Any]) -> ToolResult:
    args = msgspec.convert(call, TodoArgs)
    return await Todo().run(args, tool_context(Path("/"), todos=todos))


async def test_without_items_the_plan_is_read() -> None:
    todos = FakeTodos(*PLAN)
    result = await run(todos, {})
    assert [item["id"] for item in result.data["todos"]] == ["1", "2"]
    assert result.data["summary"] == {
        "total": 2,
        "pending": 1,
        "in_progress": 1,
        "completed": 0,
        "cancelled": 0,
    }
    assert todos.saved == 0


async def test_items_replace_the_plan() -> None:
    todos = FakeTodos(*PLAN)
    result = await run(todos, {"todos": [{"id": "9", "content": "x", "status": "completed"}]})
    assert todos.items() == (TodoItem(id="9", content="x", status="completed"),)
    assert result.summary == "1/1"


@pytest.mark.ac("todo-merge")
async def test_merge_changes_only_the_named_item_and_appends_new_ones() -> None:
    todos = FakeTodos(*PLAN)
    given = [
        {"id": "3", "content": "three", "status": "pending"},
        {"id": "1", "content": "one", "status": "completed"},
    ]
    await run(todos, {"todos": given, "merge": True})
    assert [(item.id, item.status) for item in todos.items()] == [
        ("1", "completed"),
        ("2", "in_progress"),
        ("3", "pending"),
    ]


async def test_odd_values_are_mended() -> None:
    todos = FakeTodos()
    given = [
        {"id": " ", "content": "", "status": "someday"},
        {"id": 7, "content": "a", "status": "pending"},
        {"id": "7", "content": "b", "status": None},
    ]
    await run(todos, {"todos": given})
    assert todos.items() == (
        TodoItem(id="?", content="(no description)"),
        TodoItem(id="7", content="b"),
    )


def test_the_schema_names_the_statuses() -> None:
    item = Todo().schema()["parameters"]["properties"]["todos"]["anyOf"][0]["items"]
    assert item["required"] == ["id", "content", "status"]
    assert item["properties"]["status"]["enum"] == [
        "pending",
        "in_progress",
        "completed",
        "cancelled",
    ]
