"""Actions on panes, tabs and the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermes_tui.actions.action import Action

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


async def _palette(host: HermesApp) -> None:
    await host.palette.open()


async def _help(host: HermesApp) -> None:
    await host.palette.show_help("")


async def _zoom(host: HermesApp) -> None:
    """Zoom; in a field with text the key goes to the end of the line as usual."""
    area = host.chat.composer.area
    if host.focused is area and host.chat.composer.draft:
        area.action_cursor_line_end()
    else:
        host.viewing.zoom()


async def _new(host: HermesApp) -> None:
    await host.open_new()


async def _quit(host: HermesApp) -> None:
    await host.leave()


ACTIONS = (
    Action(
        id="app.palette",
        label="Everything (palette)",
        keys="ctrl+p",
        footer="commands",
        rank=70,
        run=_palette,
    ),
    Action(
        id="pane.chat",
        label="Show the conversation",
        keys="alt+1",
        rank=33,
        run=lambda host: host.show_pane("chat"),
    ),
    Action(id="session.new", label="New conversation", keys="ctrl+n", rank=10, run=_new),
    Action(
        id="session.close",
        label="Close this tab",
        keys="ctrl+f4",
        rank=40,
        run=lambda host: host.close_shown(),
    ),
    Action(
        id="session.next",
        rank=41,
        label="Next tab",
        keys="ctrl+pagedown",
        run=lambda host: host.step_tab(1),
    ),
    Action(
        id="session.previous",
        rank=41,
        label="Previous tab",
        keys="ctrl+pageup",
        run=lambda host: host.step_tab(-1),
    ),
    Action(id="app.help", label="Help", keys="f1", rank=16, run=_help),
    Action(
        id="app.zoom",
        label="Whole width for this pane, or as before",
        keys="ctrl+e,f11",
        rank=34,
        run=_zoom,
    ),
    Action(
        id="app.edge-left",
        label="Move the edge of the rail to the left",
        keys="alt+ctrl+left",
        rank=91,
        run=lambda host: host.frame.widen(-4),
    ),
    Action(
        id="app.edge-right",
        label="Move the edge of the rail to the right",
        keys="alt+ctrl+right",
        rank=91,
        run=lambda host: host.frame.widen(4),
    ),
    Action(
        id="app.next-pane",
        label="Next pane",
        keys="f6",
        run=lambda host: host.viewing.step_focus(1),
    ),
    Action(
        id="app.previous-pane",
        label="Previous pane",
        keys="shift+f6",
        run=lambda host: host.viewing.step_focus(-1),
    ),
    Action(
        id="app.redraw",
        over_modals=True,
        label="Draw the screen again",
        keys="ctrl+l",
        run=lambda host: host.viewing.redraw(),
    ),
    Action(
        id="app.suspend",
        over_modals=True,
        label="Suspend; fg brings it back",
        keys="ctrl+z",
        rank=60,
        run=lambda host: host.action_suspend_process(),
    ),
    Action(id="app.quit", label="Quit", keys="ctrl+q", rank=17, over_modals=True, run=_quit),
)
