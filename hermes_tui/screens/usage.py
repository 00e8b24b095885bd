"""The screen of what this conversation took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermes_tui.screens.screen import ScreenSpec
from hermes_tui.slash.door import Door

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp
    from hermes_tui.screens.figures.usage import UsageScreen


async def _build(host: HermesApp, argument: str) -> UsageScreen | None:
    from hermes_tui.screens.figures.usage import UsageScreen  # charts: not part of the start

    info = await host.guard(host.workspace.usage(host.chat.state.session_id))
    return UsageScreen(info, host.chat.state) if info is not None else None


async def _in_lines(door: Door, argument: str) -> None:
    from hermes_tui.usage_text import usage_lines  # as above

    info = await door.guard(door.workspace.usage(door.state.session_id))
    if info is not None:
        door.tell("\n".join(usage_lines(info, door.state)))


SCREENS = (
    ScreenSpec(
        id="screen.usage",
        title="Usage of this conversation",
        rank=26,
        command="usage",
        summary="tokens, requests, cost and context",
        build=_build,
        in_lines=_in_lines,
    ),
)
