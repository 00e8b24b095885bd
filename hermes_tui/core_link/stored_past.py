"""The stored events of one conversation, read in parts; see `workspace.StoredEvents`.

Needs a store and nothing else of the core, so that what was said last can be shown
before the rest is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from hermes_core.events import CoreEvent, MessageFinished

if TYPE_CHECKING:
    from hermes_core.storage.store import Store


class StoredPast:
    """The past of a conversation.

    Args:
        store: Of the home.
        session_id: The conversation.
    """

    def __init__(self, store: Store, session_id: str) -> None:
        self._store = store
        self._session_id = session_id

    async def last_seq(self) -> int:
        """Number of the newest stored event, 0 if there is none."""
        return await self._store.last_seq(self._session_id)

    async def between(self, after: int, upto: int) -> Sequence[CoreEvent]:
        """Events with `after < seq <= upto`, oldest first, texts whole."""
        if upto <= after:
            return []
        events = await self._store.events(self._session_id, after_seq=after, limit=upto - after)
        return [await self._whole(event) if _is_cut(event) else event for event in events]

    async def start_of(self, message_id: str, *, before: int) -> int:
        """Number of the last event before `before` that begins a message, 0 if none does."""
        return await self._store.start_of_message(self._session_id, message_id, before_seq=before)

    async def title(self) -> str:
        """The title, empty if there is none."""
        return (await self._store.session(self._session_id)).title or ""

    async def _whole(self, event: CoreEvent) -> CoreEvent:
        if isinstance(event, MessageFinished) and event.text_ref:
            message = await self._store.message(self._session_id, event.text_ref)
            if message is not None:
                return msgspec.structs.replace(event, text=message.content, text_ref=None)
        return event


def _is_cut(event: CoreEvent) -> bool:
    """Whether the event holds only the beginning of its text."""
    return isinstance(event, MessageFinished) and event.text_ref is not None
