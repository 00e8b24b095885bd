"""Commands about agents that work beside the conversation, and children of a turn."""

from __future__ import annotations

from collections.abc import Sequence

from hermes_core.commands import AskSide, Interrupt, SpawnBackground
from hermes_tui.session_state import BesideTask, SessionState
from hermes_tui.slash.command import SlashCommand
from hermes_tui.slash.door import Door
from hermes_widgets.blocks.tool_words import AGENT
from hermes_widgets.fitting import age, clean
from hermes_widgets.row import Row


async def _background(door: Door, argument: str) -> None:
    if not argument:
        door.tell("/background TASK lets an agent of its own work on it; /agents lists them")
        return
    reply = await door.command(SpawnBackground(prompt=argument, client="screen"))
    if reply.ok:
        door.tell(
            "Working on it in the background; it ends with this conversation, /agents lists it"
        )


async def _btw(door: Door, argument: str) -> None:
    if argument:
        await door.command(AskSide(question=argument, client="screen"))
    else:
        door.tell("/btw QUESTION is answered from the conversation and not kept in it")


def running(state: SessionState) -> dict[str, BesideTask]:
    """All that works for a conversation now, by id: children first, then work beside it."""
    children = {
        entry.call_id: BesideTask(entry.preview, "agent", entry.started_at)
        for entry in state.tools.values()
        if entry.name == AGENT and entry.phase == "running"
    }
    return {**children, **state.background}


async def _agents(door: Door, argument: str) -> None:
    found = running(door.state)
    if not found:
        door.tell("No agent works for this conversation, and nothing runs beside it")
        return

    def rows(typed: str) -> Sequence[Row]:
        now = door.clocks.wall()
        return [
            Row(
                key=agent_id,
                glyph="◆",
                glyph_style="$h-info",
                text=clean(task.label),
                note=clean(task.doing or task.noun),
                right=age(max(now - task.started_at, 0)),
            )
            for agent_id, task in running(door.state).items()
            if typed.casefold() in task.label.casefold()
        ]

    chosen = await door.pick("Agents: choose one to end it", rows)
    task = running(door.state).get(chosen)
    if task is not None and await door.confirm(
        f"End this {task.noun}?", clean(task.label), yes="End it"
    ):
        await door.command(Interrupt(scope="child", child_id=chosen, client="screen"))


COMMANDS = (
    SlashCommand(
        name="background",
        aliases=("bg",),
        args="<task>",
        summary="let an agent of its own work on it meanwhile",
        group="Turn",
        run=_background,
    ),
    SlashCommand(
        name="btw",
        args="<question>",
        summary="ask on the side; nothing of it is kept",
        group="Turn",
        run=_btw,
    ),
    SlashCommand(
        name="agents",
        summary="agents and processes that work now, and ending them",
        group="Turn",
        run=_agents,
    ),
)
