"""Commands about the turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermes_core.commands import (
    AskSide,
    Interrupt,
    Retry,
    SetReasoning,
    SpawnBackground,
    Undo,
)
from hermes_tui.slash.command import SlashCommand

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


async def _retry(host: HermesApp, argument: str) -> None:
    await host.command(Retry(client="screen"))


async def _undo(host: HermesApp, argument: str) -> None:
    text = host.chat.state.last_user_text
    reply = await host.command(Undo(client="screen"))
    if reply.ok and text and not host.chat.composer.draft:
        host.chat.composer.set_draft(text)


async def _stop(host: HermesApp, argument: str) -> None:
    if host.chat.state.is_busy:
        await host.command(Interrupt(client="screen"))
    else:
        host.tell("Nothing runs")


async def _queue(host: HermesApp, argument: str) -> None:
    if argument:
        await host.input_line.submit(argument, mode="queue")
    else:
        host.tell("/queue MESSAGE sends it when the turn is over")


async def _steer(host: HermesApp, argument: str) -> None:
    if argument:
        await host.input_line.submit(argument, mode="steer")
    else:
        host.tell("/steer MESSAGE redirects the running turn")


async def _background(host: HermesApp, argument: str) -> None:
    await host.command(SpawnBackground(prompt=argument, client="screen"))


async def _btw(host: HermesApp, argument: str) -> None:
    await host.command(AskSide(question=argument, client="screen"))


async def _reasoning(host: HermesApp, argument: str) -> None:
    if argument:
        await host.command(SetReasoning(effort=argument.casefold(), client="screen"))
    else:
        host.tell("/reasoning none, minimal, low, medium, high or xhigh")


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
        name="background",
        aliases=("bg",),
        args="<task>",
        summary="give a separate agent a task",
        group="Turn",
        run=_background,
    ),
    SlashCommand(
        name="btw",
        args="<question>",
        summary="ask beside the conversation; nothing is stored",
        group="Turn",
        run=_btw,
    ),
    SlashCommand(
        name="reasoning",
        args="[effort]",
        summary="how hard the model thinks",
        group="Model",
        run=_reasoning,
    ),
)
