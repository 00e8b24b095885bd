"""`hermes attach`: join a conversation that another process runs."""

from __future__ import annotations

import asyncio
import sys
import time

import click

from hermes_core.errors import SessionNotFound
from hermes_core.paths import Home
from hermes_core.storage.records import SessionSummary
from hermes_core.storage.store import Store
from hermes_tui.command_line.chat_command import start
from hermes_tui.commands.sessions import pick_on_terminal, table
from hermes_tui.options import RunOptions


@click.command()
@click.argument("session", required=False)
@click.pass_context
def command(context: click.Context, /, session: str | None) -> None:
    """Join SESSION (id or title) on the screen; without one, pick from the live ones."""
    home = Home.find()
    home.create()
    if session is None:
        live = asyncio.run(_live(home))
        session = _chosen(live)
        if session is None:
            return
    context.exit(start(RunOptions(resume=session)))


async def _live(home: Home) -> list[SessionSummary]:
    store = await Store.open(home)
    try:
        ids = set(await store.live_sessions())
        known = await store.list_sessions(limit=1_000, include_tool=True)
        return [summary for summary in known if summary.id in ids]
    finally:
        await store.aclose()


def _chosen(live: list[SessionSummary]) -> str | None:
    """The only one, or the one the person picks; None if they picked none.

    Raises:
        SessionNotFound: Nothing runs, or nobody can be asked which one is meant.
    """
    if not live:
        raise SessionNotFound(
            "No conversation is running in another process.",
            hint="Start the screen with: hermes, or go on with one: hermes -c",
        )
    if len(live) == 1:
        return live[0].id
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        rows = "\n".join(table(live, now=time.time()))
        raise SessionNotFound(f"Several conversations run:\n{rows}", hint="Name one of them.")
    return pick_on_terminal(live)
