"""Clearing away what has grown old, once a day, a while after the start."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from pathlib import Path

from msgspec import Struct

from hermes_core.config.schema import Settings
from hermes_core.errors import HermesError
from hermes_core.paths import Home
from hermes_core.storage.aging import DAY_S, old_logs, old_spills, remove_files
from hermes_core.storage.store import Store

FIRST_AFTER_S = 60.0
"""From the start; by then a person works, or the program has ended."""
EVERY_S = DAY_S
MOST_CONVERSATIONS = 200
MOST_FILES = 5_000
"""Handled at a time; the rest waits for the next day."""
_BATCH = 10
"""Conversations of one write, so that nobody waits for it."""

_log = logging.getLogger(__name__)


class Cleared(Struct, frozen=True, kw_only=True):
    """What went, or would go."""

    conversations: tuple[str, ...] = ()
    """Deleted with all that belongs to them."""
    event_logs: tuple[str, ...] = ()
    """Conversations whose display log is made anew from their messages when opened."""
    files: tuple[str, ...] = ()
    """Spilled results, old logs and crash reports."""


class Upkeep:
    """Applies `storage.retention` and `sessions.auto_prune` to one home.

    Args:
        home: Whose files.
        store: Its conversations.
        settings: How long what is kept.
    """

    def __init__(self, home: Home, store: Store, settings: Settings) -> None:
        self.settings = settings
        self._home = home
        self._store = store
        self._task: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()

    def start(self) -> None:
        """Begin in a while, and again each day; a store that cannot be written is left alone."""
        if not self._store.read_only:
            self._task = asyncio.create_task(self._keep_up(), name="upkeep")

    async def aclose(self) -> None:
        """Stop; a step that was begun is finished, so that no half of it is left."""
        self._stop.set()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _keep_up(self) -> None:
        wait_s = FIRST_AFTER_S
        while not await self._stopped_within(wait_s):
            wait_s = EVERY_S
            try:
                if await self._store.claim_upkeep(every_s=EVERY_S):
                    await self.run()
            except (HermesError, OSError) as error:
                _log.warning("old files and logs could not be cleared away: %s", error)

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def due(self) -> Cleared:
        """Say what `run` would do; nothing is changed."""
        store, sessions = self._store, self.settings.sessions
        kept = self.settings.storage.retention
        conversations: list[str] = []
        if sessions.auto_prune:
            days = sessions.retention_days
            conversations = await store.unused_since(days=days, limit=MOST_CONVERSATIONS)
        logs: list[str] = []
        if kept.events_days:
            logs = await store.old_events(days=kept.events_days, limit=MOST_CONVERSATIONS)
        gone = set(conversations)
        return Cleared(
            conversations=tuple(conversations),
            event_logs=tuple(name for name in logs if name not in gone),
            files=tuple(await self._old_files()),
        )

    async def run(self) -> Cleared:
        """Clear away what is due.

        Raises:
            StoreError: The store cannot be written, or a file cannot be deleted.
            OSError: A file cannot be deleted.
        """
        due = await self.due()
        for session_id in due.conversations:
            if not self._stop.is_set() and session_id not in await self._store.live_sessions():
                await self._store.delete_session(session_id)
        days = self.settings.storage.retention.events_days
        for at in range(0, len(due.event_logs), _BATCH):
            if not self._stop.is_set():
                await self._store.drop_old_events(days=days, only=due.event_logs[at : at + _BATCH])
        await asyncio.to_thread(remove_files, [Path(file) for file in due.files])
        if due != Cleared():
            _log.info(
                "cleared away: %d conversations, %d event logs, %d files",
                len(due.conversations),
                len(due.event_logs),
                len(due.files),
            )
        return due

    async def _old_files(self) -> list[str]:
        kept, now = self.settings.storage.retention, time.time()
        found: list[str] = []
        if kept.spills_days:
            in_use, attached = await self._store.files_in_use(days=kept.spills_days)

            def spills() -> list[str]:
                before = now - kept.spills_days * DAY_S
                files = old_spills(self._home, before=before, in_use=in_use, attached=attached)
                return [str(file) for file in itertools.islice(files, MOST_FILES)]

            found += await asyncio.to_thread(spills)
        if kept.logs_days:
            before = now - kept.logs_days * DAY_S
            found += await asyncio.to_thread(
                lambda: [str(file) for file in old_logs(self._home, before=before)]
            )
        return found
