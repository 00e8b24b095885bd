"""Commands about conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermes_core.commands import SetTitle
from hermes_tui.slash.command import SlashCommand
from hermes_widgets.fitting import tokens

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


async def _new(host: HermesApp, argument: str) -> None:
    await host.open_new()
    if argument:
        await host.input_line.submit(argument)


async def _clear(host: HermesApp, argument: str) -> None:
    if host.chat.state.has_content:
        sure = await host.confirm(
            "Begin a new conversation here?",
            "The present one stays in the list of sessions.",
            yes="Begin",
        )
        if not sure:
            return
    before = host.chat
    await host.open_new()
    await host.close_pane(before)


async def _title(host: HermesApp, argument: str) -> None:
    if argument:
        await host.command(SetTitle(title=argument, client="screen"))
    else:
        host.tell(f"Title: {host.chat.state.title or 'none yet; /title NAME sets one'}")


async def _resume(host: HermesApp, argument: str) -> None:
    if not argument:
        host.show_pane("sessions")
        return
    found = await host.guard(host.workspace.recent(text=argument, limit=20)) or []
    exact = [item for item in found if argument in (item.id, item.title)]
    same = [item for item in found if (item.title or "").casefold() == argument.casefold()]
    chosen = (exact or same or found)[:1]
    if chosen:
        host.resume(chosen[0].id)
    else:
        host.tell_error(f"No conversation is called “{argument}”", hint="/sessions lists them")


async def _sessions(host: HermesApp, argument: str) -> None:
    host.show_pane("sessions")


async def _status(host: HermesApp, argument: str) -> None:
    state = host.chat.state
    runtime = state.runtime
    lines = [
        f"Session   {state.session_id}",
        f"Title     {state.title or '–'}",
        f"Model     {runtime.model} via {runtime.provider}" if runtime else "Model     –",
        f"Folder    {state.cwd or host.start_info.cwd}",
        f"Home      {host.workspace.home.root}",
        f"Approvals {state.approval_mode}",
        f"Context   {tokens(state.used_tokens)} of {tokens(state.window_tokens)}",
        f"Turns     {state.turns}, {tokens(state.usage.total_tokens)} tokens",
    ]
    if state.turn_started is not None:
        lines.append(f"Running   {state.word}, {state.turn_seconds:.0f}s")
    host.tell("\n".join(lines))


COMMANDS = (
    SlashCommand(name="new", aliases=("reset",), summary="begin another conversation", run=_new),
    SlashCommand(name="clear", summary="begin anew in this tab", run=_clear),
    SlashCommand(name="title", args="[name]", summary="show or set the title", run=_title),
    SlashCommand(
        name="resume", args="[id or title]", summary="open an earlier conversation", run=_resume
    ),
    SlashCommand(name="sessions", summary="list and search conversations", run=_sessions),
    SlashCommand(name="status", summary="what is known about this conversation", run=_status),
)
