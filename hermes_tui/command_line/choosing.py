"""Which conversation `--resume` and `--continue` mean."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hermes_core.errors import SessionNotFound
from hermes_core.paths import Home
from hermes_core.storage.store import Store
from hermes_tui.core_link.stored_past import StoredPast
from hermes_tui.handlers.past import FIRST_MESSAGES, NewestPart, newest_part
from hermes_tui.options import RunOptions


async def chosen_session(store: Store, options: RunOptions) -> str | None:
    """Return the id to go on with, or None for a new conversation.

    Raises:
        SessionNotFound: Something was named or wanted and is not there.
    """
    wanted = options.resume or options.continue_
    if wanted:
        return await store.resolve(wanted)
    if options.continue_ is None:
        return None
    newest = await store.latest(source="cli")
    if newest is None:
        raise SessionNotFound("No previous CLI session found to continue.")
    return newest


async def chosen_in_home(home: Home, options: RunOptions) -> str | None:
    """Return the same before anything is open; the store is opened only if it is asked.

    Raises:
        SessionNotFound: Something was named or wanted and is not there.
        StoreError: The store cannot be used.
    """
    if not options.resume and options.continue_ is None:
        return None
    async with _store(home) as store:
        return await chosen_session(store, options)


async def chosen_with_end(home: Home, options: RunOptions) -> tuple[str | None, NewestPart | None]:
    """Return the same and the end of that conversation, as much as a screen draws at first.

    Raises:
        SessionNotFound: Something was named or wanted and is not there.
        StoreError: The store cannot be used.
    """
    if not options.resume and options.continue_ is None:
        return None, None
    async with _store(home) as store:
        session_id = await chosen_session(store, options)
        if session_id is None:
            return None, None
        return session_id, await newest_part(StoredPast(store, session_id), FIRST_MESSAGES)


@asynccontextmanager
async def _store(home: Home) -> AsyncIterator[Store]:
    store = await Store.open(home)
    try:
        if not store.read_only:
            await store.import_reference()
        yield store
    finally:
        await store.aclose()
