"""Summarising the conversation by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermes_core.commands import Compact
from hermes_tui.slash.command import SlashCommand

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


async def _compress(host: HermesApp, argument: str) -> None:
    await host.command(Compact(focus=argument, client="screen"))


COMMANDS = (
    SlashCommand(
        name="compress",
        aliases=("compact",),
        args="[focus]",
        summary="summarise the conversation now, keeping most of the focus",
        run=_compress,
    ),
)
