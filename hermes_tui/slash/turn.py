"""Commands about the turn."""

from __future__ import annotations

from hermes_core.commands import (
    Interrupt,
    Retry,
    SetReasoning,
    Undo,
)
from hermes_tui.slash.command import SlashCommand
from hermes_tui.slash.door import Door


async def _retry(door: Door, argument: str) -> None:
    await door.command(Retry(client="screen"))


async def _undo(door: Door, argument: str) -> None:
    text = door.state.last_user_text
    reply = await door.command(Undo(client="screen"))
    if reply.ok and text:
        door.offer_draft(text)


async def _stop(door: Door, argument: str) -> None:
    if door.state.is_busy:
        await door.command(Interrupt(client="screen"))
    else:
        door.tell("Nothing runs")


async def _queue(door: Door, argument: str) -> None:
    if argument:
        await door.submit(argument, mode="queue")
    else:
        door.tell("/queue MESSAGE sends it when the turn is over")


async def _steer(door: Door, argument: str) -> None:
    if argument:
        await door.submit(argument, mode="steer")
    else:
        door.tell("/steer MESSAGE redirects the running turn")


async def _reasoning(door: Door, argument: str) -> None:
    if argument:
        await door.command(SetReasoning(effort=argument.casefold(), client="screen"))
    else:
        door.tell("/reasoning none, minimal, low, medium, high or xhigh")


COMMANDS = (
    SlashCommand(name="retry", summary="send the last message again", group="Turn", run=_retry),
    SlashCommand(
        name="undo", summary="take the last message and all after it back", group="Turn", run=_undo
    ),
    SlashCommand(name="stop", summary="stop what runs", group="Turn", run=_stop),
    SlashCommand(
        name="queue",
        args="<message>",
        summary="send it when the turn is over",
        group="Turn",
        run=_queue,
    ),
    SlashCommand(
        name="steer",
        args="<message>",
        summary="redirect the running turn",
        group="Turn",
        run=_steer,
    ),
    SlashCommand(
        name="reasoning",
        args="[none|minimal|low|medium|high|xhigh]",
        summary="how hard the model thinks",
        group="Model",
        run=_reasoning,
    ),
)
