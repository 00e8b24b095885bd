"""Actions that open a list to choose from: model, skin, theme, earlier inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermes_tui.actions.action import Action
from hermes_tui.composing.draft_editor import edit_draft
from hermes_tui.matching import matching
from hermes_tui.slash.command import COMMAND_REGISTRY
from hermes_widgets.fitting import clean
from hermes_widgets.list_rows import Row

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


def _command(host: HermesApp, name: str) -> None:
    command = COMMAND_REGISTRY.get(name)
    if command is not None:
        host.run_worker(host.input_line.run(command, ""))


async def _earlier(host: HermesApp) -> None:
    """Search earlier inputs; the chosen one is the draft, the draft an earlier input."""
    composer = host.chat.composer
    found = list(dict.fromkeys(reversed(host.history.entries)))
    if not found:
        host.tell("Nothing was sent yet")
        return
    rows = [
        Row(key=str(at), text=clean(" ⏎ ".join(text.split("\n")))) for at, text in enumerate(found)
    ]
    picked = await host.pick("Earlier inputs", lambda text: matching(rows, text))
    if picked:
        composer.replace_draft(found[int(picked)])
        composer.focus_field()


ACTIONS = (
    Action(id="look.skin", label="Skin…", rank=14, run=lambda host: _command(host, "skin")),
    Action(id="look.theme", label="Colours…", rank=15, run=lambda host: _command(host, "theme")),
    Action(
        id="input.editor",
        label="Write in an editor",
        keys="ctrl+g",
        rank=24,
        run=edit_draft,
    ),
    Action(
        id="input.earlier",
        label="Search earlier inputs",
        keys="ctrl+r",
        rank=23,
        run=_earlier,
    ),
)
