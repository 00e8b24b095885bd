"""Commands about how much of the work is shown, and the changes it made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermes_tui.slash.command import SlashCommand
from hermes_tui.slash.door import on_screen
from hermes_tui.slash.screen_part import change

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp

_SECTIONS = {
    "tools": ("tui.tools", ("auto", "collapsed", "expanded")),
    "thinking": ("tui.reasoning", ("collapsed", "expanded", "hidden")),
    "diffs": ("tui.diff", ("auto", "unified", "split")),
}


_FOLDS = {"open": False, "expanded": False, "closed": True, "collapsed": True}


async def _details(host: HermesApp, argument: str) -> None:
    section, _, value = argument.casefold().partition(" ")
    value = value.strip()
    if section in _FOLDS and not value:
        host.chat.transcript.fold_all(_FOLDS[section])
        return
    if not section:
        shown = [
            f"{name:<9} {host.workspace.setting(key)}  ({', '.join(values)})"
            for name, (key, values) in _SECTIONS.items()
        ]
        host.tell(
            "\n".join(
                [*shown, "/details thinking expanded changes one; open and closed, all at once"]
            )
        )
        return
    key, values = _SECTIONS.get(section, ("", ()))
    if value not in values:
        hint = f"{section}: {', '.join(values)}" if values else ", ".join(_SECTIONS)
        host.tell_error("/details needs a part and how it is shown", hint=hint)
        return
    await change(host, key, value)


async def _diff(host: HermesApp, argument: str) -> None:
    # The turn of the block under the cursor, else the newest that changed something.
    await host.reading.changes(host.chat.transcript.cursor_block)


COMMANDS = (
    SlashCommand(
        name="details",
        args="[open|closed|part] [how]",
        summary="how tools, thinking and diffs open",
        group="Look",
        run=on_screen(
            _details, elsewhere="For the screen: hermes config set tui.reasoning expanded"
        ),
    ),
    SlashCommand(
        name="diff",
        summary="all changes of the last turn that made some",
        group="Facts",
        run=on_screen(
            _diff, elsewhere="Changes are shown where they are made; /rollback diff shows all since"
        ),
    ),
)
