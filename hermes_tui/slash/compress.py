"""Summarising the conversation by hand."""

from __future__ import annotations

from hermes_core.commands import Compact
from hermes_tui.slash.command import SlashCommand
from hermes_tui.slash.door import Door


async def _compress(door: Door, argument: str) -> None:
    await door.command(Compact(focus=argument, client="screen"))


COMMANDS = (
    SlashCommand(
        name="compress",
        aliases=("compact",),
        args="[focus]",
        summary="summarise the conversation now, keeping most of the focus",
        run=_compress,
    ),
)
