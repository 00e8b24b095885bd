"""session_search: what was said in past conversations. Reads only."""

from __future__ import annotations

from typing import Annotated

import msgspec

from hermes_core.tools.base import Tool, ToolContext, ToolResult

DEFAULT_LIMIT = 3
MAX_LIMIT = 5
_ROLES = ("user", "assistant", "tool")


class SessionSearchArgs(msgspec.Struct, frozen=True):
    """What the model may say."""

    query: Annotated[
        str | None,
        msgspec.Meta(
            description='Words to find; "phrases", OR, NOT and prefix* work. '
            "Leave out to list the newest conversations."
        ),
    ] = None
    role_filter: Annotated[
        str | None,
        msgspec.Meta(description="Only messages of these roles, e.g. `user,assistant`."),
    ] = None
    limit: Annotated[int, msgspec.Meta(description="How many conversations, at most 5.")] = (
        DEFAULT_LIMIT
    )


class SessionSearch(Tool[SessionSearchArgs]):
    """Finds past conversations."""

    name = "session_search"
    toolset = "session_search"
    kind = "search"
    parallel = "safe"
    has_effects = False
    args_type = SessionSearchArgs

    def preview(self, args: SessionSearchArgs) -> str:
        """The words looked for."""
        return (args.query or "").strip() or "recent"

    async def run(self, args: SessionSearchArgs, ctx: ToolContext) -> ToolResult:
        """Search, or list the newest conversations without a query."""
        limit = max(1, min(args.limit, MAX_LIMIT))
        query = (args.query or "").strip()
        if not query:
            return await _recent(ctx, limit)
        named = [role.strip().lower() for role in (args.role_filter or "").split(",")]
        roles = [role for role in named if role in _ROLES]
        results = await ctx.recall.search(query, limit=limit, roles=roles, exclude=ctx.session_id)
        data = {
            "success": True,
            "query": query,
            "results": results,
            "count": len(results),
            "sessions_searched": len(results),
        }
        if not results:
            data["message"] = "No matching sessions found."
        preview = "\n".join(str(result.get("summary", "")) for result in results)
        return ToolResult(data=data, summary=_hits(len(results)), preview=preview[:2000])


async def _recent(ctx: ToolContext, limit: int) -> ToolResult:
    results = await ctx.recall.recent(limit=limit, exclude=ctx.session_id)
    data = {
        "success": True,
        "mode": "recent",
        "results": results,
        "count": len(results),
        "message": "The newest conversations. Give a query to search in what was said.",
    }
    preview = "\n".join(str(result.get("title") or result.get("preview")) for result in results)
    return ToolResult(data=data, summary=f"{len(results)} recent", preview=preview[:2000])


def _hits(count: int) -> str:
    return "1 hit" if count == 1 else f"{count} hits"
