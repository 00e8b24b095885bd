"""Which conversation `--resume` and `--continue` mean."""

from __future__ import annotations

from hermes_core.errors import SessionNotFound
from hermes_core.paths import Home
from hermes_core.storage.store import Store
from hermes_tui.options import RunOptions

LIST_HINT = "See them with: hermes sessions list"


async def chosen_session(store: Store, options: RunOptions) -> str | None:
    """Return the id to go on with, or None for a new conversation.

    Raises:
        SessionNotFound: Something was named or wanted and is not there.
    """
    wanted = options.resume or options.continue_
    if wanted:
        try:
            return await store.resolve(wanted)
        except SessionNotFound as error:
            text = f"No session found matching '{wanted}'."
            raise SessionNotFound(text, hint=LIST_HINT) from error
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
    store = await Store.open(home)
    try:
        if not store.read_only:
            await store.import_reference()
        return await chosen_session(store, options)
    finally:
        await store.aclose()
