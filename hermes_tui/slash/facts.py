"""Commands that show facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermes_tui.matching import matching
from hermes_tui.slash.command import SlashCommand
from hermes_tui.slash.door import Door, on_screen
from hermes_tui.slash.toolsets import switch
from hermes_widgets.fitting import clean
from hermes_widgets.row import Row

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


_LINE_KEYS = (
    "Enter sends the line; a \\ at its end goes on in the next one.\n"
    "Ctrl+C stops the turn, again within 2 seconds leaves; Ctrl+D leaves.\n"
    "Ctrl+Z pauses the program, fg brings it back."
)


async def _tools(door: Door, argument: str) -> None:
    first, *names = argument.split() or [""]
    if first.casefold() in ("enable", "disable"):
        await switch(door, names, on=first.casefold() == "enable")
        return
    tools = await door.guard(door.workspace.tools()) or []
    rows = [
        Row(
            key=tool.name,
            text=tool.name,
            note=clean(tool.description if tool.is_available else tool.reason),
            right=tool.toolset,
            glyph="✓" if tool.is_available else "·",
            glyph_style="$h-ok" if tool.is_available else "$h-faint",
            style="$h-text" if tool.is_available else "$h-faint",
        )
        for tool in tools
    ]
    count = sum(tool.is_available for tool in tools)
    await door.pick(f"Tools · {count} of {len(tools)} ready", lambda text: matching(rows, text))


async def _copy(screen: HermesApp, argument: str) -> None:
    number = argument or "1"
    if number.isdecimal() and int(number) > 0:
        screen.copying.copy_reply(int(number))
    else:
        screen.tell_error(
            f"“{argument}” is no number", hint="/copy 2 copies the reply before the last"
        )


async def _keys(screen: HermesApp, argument: str) -> None:
    await screen.show_help("keys")


async def _help(door: Door, argument: str) -> None:
    await door.show_help(argument)


async def _quit(door: Door, argument: str) -> None:
    await door.leave()


COMMANDS = (
    SlashCommand(
        name="tools",
        args="[list|enable|disable]",
        summary="what the model may call; enable or disable NAME",
        group="Facts",
        run=_tools,
    ),
    SlashCommand(
        name="copy",
        args="[N]",
        summary="copy the last reply, or an earlier one",
        group="Facts",
        run=on_screen(
            _copy, elsewhere="Copy from the terminal: every reply stands there as plain text."
        ),
    ),
    SlashCommand(
        name="keys",
        summary="every key",
        group="Program",
        run=on_screen(_keys, elsewhere=_LINE_KEYS),
    ),
    SlashCommand(
        name="help", args="[word]", summary="commands and keys", group="Program", run=_help
    ),
    SlashCommand(
        name="quit", aliases=("exit", "q"), summary="leave the program", group="Program", run=_quit
    ),
)
