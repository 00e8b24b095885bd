"""Commands about conversations."""

from __future__ import annotations

from hermes_core.commands import SetTitle
from hermes_tui.slash.command import SlashCommand
from hermes_tui.slash.door import Door
from hermes_widgets.fitting import tokens


async def _new(door: Door, argument: str) -> None:
    if await door.open_new() and argument:
        await door.submit(argument)


async def _clear(door: Door, argument: str) -> None:
    if door.state.has_content:
        sure = await door.confirm(
            "Begin a new conversation here?",
            "The present one stays in the list of sessions.",
            yes="Begin",
        )
        if not sure:
            return
    await door.open_in_place()


async def _title(door: Door, argument: str) -> None:
    if argument:
        await door.command(SetTitle(title=argument, client="screen"))
    else:
        door.tell(f"Title: {door.state.title or 'none yet; /title NAME sets one'}")


async def _resume(door: Door, argument: str) -> None:
    if not argument:
        await _sessions(door, "")
        return
    found = await door.guard(door.workspace.recent(text=argument, limit=20)) or []
    exact = [item for item in found if argument in (item.id, item.title)]
    same = [item for item in found if (item.title or "").casefold() == argument.casefold()]
    chosen = (exact or same or found)[:1]
    if chosen:
        door.resume(chosen[0].id)
    else:
        door.tell_error(f"No conversation is called “{argument}”", hint="/sessions lists them")


async def _sessions(door: Door, argument: str) -> None:
    found = await door.guard(door.workspace.recent(text=argument, limit=20)) or []
    picked = await door.pick_session(found)
    if picked:
        door.resume(picked)


async def _status(door: Door, argument: str) -> None:
    state = door.state
    runtime = state.runtime
    lines = [
        f"Session   {state.session_id}",
        f"Title     {state.title or '–'}",
        f"Model     {runtime.model} via {runtime.provider}" if runtime else "Model     –",
        f"Folder    {state.cwd or door.start_info.cwd}",
        f"Home      {door.workspace.home.root}",
        f"Approvals {state.approval_mode}",
        f"Context   {tokens(state.used_tokens)} of {tokens(state.window_tokens)}",
        f"Turns     {state.turns}, {tokens(state.usage.total_tokens)} tokens",
    ]
    if state.turn_started is not None:
        lines.append(f"Running   {state.word}, {state.turn_seconds:.0f}s")
    door.tell("\n".join(lines))


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
