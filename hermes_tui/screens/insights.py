"""The screen of what was used over days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermes_tui.screens.screen import ScreenSpec
from hermes_tui.slash.door import Door

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp
    from hermes_tui.screens.figures.insights import InsightsScreen


async def _build(host: HermesApp, argument: str) -> InsightsScreen | None:
    from hermes_tui.screens.figures.insights import InsightsScreen  # charts: not at the start
    from hermes_tui.usage_text import parse_days

    try:
        days, source = parse_days(argument)
    except ValueError as error:
        host.tell_error(str(error))
        return None
    found = await host.guard(host.workspace.insights(days=days, source=source))
    return InsightsScreen(found, source) if found is not None else None


async def _in_lines(door: Door, argument: str) -> None:
    from hermes_tui.usage_text import insights_lines, parse_days  # as above

    try:
        days, source = parse_days(argument)
    except ValueError as error:
        door.tell_error(str(error))
        return
    found = await door.guard(door.workspace.insights(days=days, source=source))
    if found is not None:
        door.tell("\n".join(insights_lines(found, source=source)))


SCREENS = (
    ScreenSpec(
        id="screen.insights",
        title="Usage over days",
        rank=51,
        command="insights",
        args="[days]",
        summary="tokens and cost over days; --source S",
        build=_build,
        in_lines=_in_lines,
    ),
)
