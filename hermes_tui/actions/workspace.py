"""Actions on panes, tabs and the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermes_tui.actions.action import Action

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


def _pane(name: str) -> Action:
    ranks = {"sessions": 11, "approvals": 30, "skills": 31, "tools": 32, "chat": 33}
    numbers = {"chat": 1, "tools": 2, "sessions": 3, "skills": 4, "approvals": 5}
    labels = {
        "chat": "Show the conversation",
        "sessions": "Resume a conversation",
        "skills": "Skills",
        "tools": "Tools, plan and files of this turn",
        "approvals": "Requests and what is allowed",
    }

    def show(host: HermesApp) -> None:
        if name == "approvals" and host.asking.ask_first():
            return
        host.show_pane(name)

    return Action(
        id=f"pane.{name}",
        label=labels[name],
        rank=ranks[name],
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
        rank=70,
        run=_palette,
    ),
    _pane("chat"),
    _pane("tools"),
    _pane("sessions"),
    _pane("skills"),
    _pane("approvals"),
    Action(id="session.new", label="New conversation", keys="ctrl+n", rank=10, run=_new),
    Action(id="session.close", label="Close this tab", keys="ctrl+f4", rank=40, run=_close),
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
        label="Whole width, or the side rails again",
        keys="f11",
        rank=34,
        run=lambda host: host.viewing.zoom(),
    ),
    Action(
        id="app.next-pane",
        label="Next part of the screen",
        keys="f6",
        run=lambda host: host.viewing.step_focus(1),
    ),
    Action(
        id="app.previous-pane",
        label="Previous part of the screen",
        keys="shift+f6",
        run=lambda host: host.viewing.step_focus(-1),
    ),
    Action(
        id="app.redraw",
        label="Draw the screen again",
        keys="ctrl+l",
        run=lambda host: host.viewing.redraw(),
    ),
    Action(
        id="app.suspend",
        label="Suspend; fg brings it back",
        keys="ctrl+z",
        rank=60,
        run=lambda host: host.action_suspend_process(),
    ),
    Action(id="app.quit", label="Quit", keys="ctrl+q", rank=17, run=_quit),
)
