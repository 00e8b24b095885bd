"""What past conversations say, for the tool that asks them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from hermes_core.errors import SessionNotFound
from hermes_core.storage.records import SearchHit, SessionRecord
from hermes_core.storage.store import Store

TOP_MESSAGES = 50
_HIDDEN_SOURCE = "tool"
_SHOWN = ("title", "source", "started_at", "last_active", "message_count", "preview")


class StoreRecall:
    """The port `Recall` over one store.

    Args:
        store: Where to look.
        user_id: Only this person's conversations, for doors with many users.
    """

    def __init__(self, store: Store, *, user_id: str | None = None) -> None:
        self._store = store
        self._user_id = user_id

    async def recent(self, *, limit: int, exclude: str) -> list[dict[str, Any]]:
        """The newest conversations, without the one named `exclude`."""
        listed = await self._store.list_sessions(limit=limit + 1, user_id=self._user_id)
        others = [summary for summary in listed if summary.id != exclude]
        return [
            {"session_id": summary.id, **{name: getattr(summary, name) for name in _SHOWN}}
            for summary in others[:limit]
        ]

    async def search(
        self, query: str, *, limit: int, roles: Sequence[str] = (), exclude: str = ""
    ) -> list[dict[str, Any]]:
        """Ranked hits, one per conversation; what a subagent said belongs to its parent."""
        hits = await self._store.search(
            query,
            limit=TOP_MESSAGES,
            roles=roles,
            exclude_session=exclude,
            user_id=self._user_id,
        )
        found: dict[str, dict[str, Any]] = {}
        for hit in hits:
            conversation = await self._conversation(hit)
            if conversation is None or conversation.id in (exclude, *found):
                continue
            if conversation.source == _HIDDEN_SOURCE:
                continue
            found[conversation.id] = {
                "session_id": conversation.id,
                "when": _when(hit.timestamp),
                "source": conversation.source,
                "model": conversation.model,
                "summary": hit.snippet,
                "title": conversation.title,
                "role": hit.role,
                "message_id": hit.message_id,
            }
            if len(found) == limit:
                break
        return list(found.values())

    async def _conversation(self, hit: SearchHit) -> SessionRecord | None:
        """The conversation a person would open; None if it was deleted meanwhile."""
        session_id = hit.session_id
        try:
            record = await self._store.session(session_id)
            while record.kind == "subagent" and record.parent_session_id:
                record = await self._store.session(record.parent_session_id)
        except SessionNotFound:
            return None
        return record


def _when(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M UTC")
