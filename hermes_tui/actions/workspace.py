"""Actions on panes, tabs and the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermes_tui.actions.action import Action

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


def _pane(name: str) -> Action:
    numbers = {"chat": 1, "tools": 2, "sessions": 3, "skills": 4, "approvals": 5}
    labels = {"chat": "Conversation"}

    def show(host: HermesApp) -> None:
        if name == "approvals" and host.asking.ask_first():
            return
        host.show_pane(name)

    return Action(
        id=f"pane.{name}",
        label=f"Show {labels.get(name, name.capitalize()).lower()}",
        keys=f"alt+{numbers[name]}" + (",ctrl+s" if name == "sessions" else ""),
        footer=name if name in ("tools", "sessions") else "",
        run=show,
    )


async def _palette(host: HermesApp) -> None:
    await host.palette.open()


async def _help(host: HermesApp) -> None:
    await host.palette.show_help("")


async def _new(host: HermesApp) -> None:
    await host.open_new()


async def _close(host: HermesApp) -> None:
    await host.close_shown()


async def _quit(host: HermesApp) -> None:
    await host.leave()


ACTIONS = (
    Action(
        id="app.palette",
        label="Everything (palette)",
        keys="ctrl+p",
        footer="commands",
        run=_palette,
    ),
    _pane("chat"),
    _pane("tools"),
    _pane("sessions"),
    _pane("skills"),
    _pane("approvals"),
    Action(id="session.new", label="New conversation", keys="ctrl+n", run=_new),
    Action(id="session.close", label="Close this tab", keys="ctrl+f4", run=_close),
    Action(
        id="session.next",
        label="Next tab",
        keys="ctrl+pagedown",
        run=lambda host: host.step_tab(1),
    ),
    Action(
        id="session.previous",
        label="Previous tab",
        keys="ctrl+pageup",
        run=lambda host: host.step_tab(-1),
    ),
    Action(id="app.help", label="Help", keys="f1", run=_help),
    Action(
        id="app.next-pane",
        label="Next part of the screen",
        keys="f6",
        run=lambda host: host.step_focus(1),
    ),
    Action(
        id="app.previous-pane",
        label="Previous part of the screen",
        keys="shift+f6",
        run=lambda host: host.step_focus(-1),
    ),
    Action(
        id="app.redraw",
        label="Draw the screen again",
        keys="ctrl+l",
        run=lambda host: host.redraw(),
    ),
    Action(id="app.quit", label="Leave the program", keys="ctrl+q", run=_quit),
)
