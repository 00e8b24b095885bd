"""Commands that bring back what was cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermes_tui.slash.command import SlashCommand
from hermes_tui.slash.door import Door, on_screen

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


async def _reopen(door: Door, argument: str) -> None:
    screen = door.full_screen
    if not door.state.is_closed:
        door.tell("This conversation is open")
    elif screen is None:
        door.resume(door.state.session_id)
    else:
        await screen.sessions.reopen(screen.chat)


async def _restore(screen: HermesApp, argument: str) -> None:
    if screen.keeper.left:
        await screen.keeper.restore()
    else:
        screen.tell("No earlier run left anything open")


COMMANDS = (
    SlashCommand(
        name="reopen",
        summary="go on with a conversation whose process ended",
        run=_reopen,
    ),
    SlashCommand(
        name="restore",
        summary="bring back tabs and drafts of a run that ended early",
        run=on_screen(_restore, elsewhere="Drafts and tabs are kept by the full screen alone."),
    ),
)
