"""Which conversation `--resume` and `--continue` mean."""

from __future__ import annotations

from hermes_core.errors import SessionNotFound
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
