"""todo: the session's plan. Touches nothing but the plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal, get_args

import msgspec

from hermes_core.messages import TodoItem, clean_text
from hermes_core.tools.base import Tool, ToolContext, ToolResult

Status = Literal["pending", "in_progress", "completed", "cancelled"]
STATUSES: tuple[Status, ...] = get_args(Status)
_STATUS_SCHEMA = {"type": "string", "enum": list(STATUSES)}


class TodoEntry(msgspec.Struct, frozen=True):
    """One item as the model writes it; odd values are mended, not refused."""

    id: Annotated[
        Any, msgspec.Meta(description="Short and unique.", extra_json_schema={"type": "string"})
    ]
    content: Annotated[
        Any, msgspec.Meta(description="What is to be done.", extra_json_schema={"type": "string"})
    ]
    status: Annotated[
        Any, msgspec.Meta(description="How far it is.", extra_json_schema=_STATUS_SCHEMA)
    ]


class TodoArgs(msgspec.Struct, frozen=True):
    """What the model may say."""

    todos: Annotated[
        list[TodoEntry] | None,
        msgspec.Meta(description="The items; leave out to read the plan."),
    ] = None
    merge: Annotated[
        bool, msgspec.Meta(description="Update by id and append instead of replacing.")
    ] = False


class Todo(Tool[TodoArgs]):
    """Reads and writes the plan."""

    name = "todo"
    toolset = "todo"
    kind = "think"
    args_type = TodoArgs

    def preview(self, args: TodoArgs) -> str:
        """What is being done, or how many items are set."""
        if args.todos is None:
            return "read"
        current = next((str(e.content) for e in args.todos if e.status == "in_progress"), "")
        return current or f"{len(args.todos)} items"

    async def run(self, args: TodoArgs, ctx: ToolContext) -> ToolResult:
        """Return the whole plan and its counts."""
        if args.todos is not None:
            given = [_mended(entry) for entry in args.todos]
            await ctx.todos.replace(merged(ctx.todos.items() if args.merge else (), given))
        items = ctx.todos.items()
        counts = Counter(item.status for item in items)
        data = {
            "todos": [msgspec.to_builtins(item) for item in items],
            "summary": {"total": len(items)} | {word: counts[word] for word in STATUSES},
        }
        return ToolResult(data=data, summary=f"{counts['completed']}/{len(items)}")


def merged(known: Sequence[TodoItem], given: Iterable[TodoItem]) -> list[TodoItem]:
    """Return `known` with items of the same id replaced and new ones appended, in order."""
    plan = {item.id: item for item in known}
    for item in given:
        plan[item.id] = item
    return list(plan.values())


def _mended(entry: TodoEntry) -> TodoItem:
    status: Status = next((known for known in STATUSES if known == entry.status), "pending")
    return TodoItem(
        id=_words(entry.id) or "?",
        content=_words(entry.content) or "(no description)",
        status=status,
    )


def _words(value: Any) -> str:
    return "" if value is None else clean_text(str(value)).strip()
