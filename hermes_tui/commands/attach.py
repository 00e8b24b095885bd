"""`hermes attach`: join a conversation that another process runs."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence

import click

from hermes_core.errors import SessionNotFound
from hermes_core.paths import Home
from hermes_core.storage.records import SessionSummary
from hermes_core.storage.store import Store
from hermes_tui.command_line.chat_command import start
from hermes_tui.commands.sessions import pick_on_terminal, table, terminal_width
from hermes_tui.options import RunOptions


@click.command()
@click.argument("session", required=False)
@click.pass_context
def command(context: click.Context, /, session: str | None) -> None:
    """Join SESSION (id or title) on the screen; without one, pick from the live ones."""
    home = Home.find()
    home.create()
    live, named = asyncio.run(_live(home, session))
    chosen = _chosen(live) if named is None else _running(named, live)
    if chosen is not None:
        context.exit(start(RunOptions(resume=chosen)))


async def _live(home: Home, named: str | None) -> tuple[list[SessionSummary], str | None]:
    """The conversations that run, and the id of the named one.

    Raises:
        SessionNotFound: There is none of that name.
    """
    store = await Store.open(home)
    try:
        ids = set(await store.live_sessions())
        known = await store.list_sessions(limit=1_000, include_tool=True)
        live = [summary for summary in known if summary.id in ids]
        try:
            return live, None if named is None else await store.resolve(named)
        except SessionNotFound as error:
            text = f"No session found matching '{named}'."
            raise SessionNotFound(text, hint=_hint(live)) from error
    finally:
        await store.aclose()


def _running(session_id: str, live: Sequence[SessionSummary]) -> str:
    """The id itself.

    Raises:
        SessionNotFound: Nobody runs that conversation.
    """
    if not any(summary.id == session_id for summary in live):
        raise SessionNotFound(
            f"No process runs session {session_id}; there is nothing to join.",
            hint=f"Go on with it here: hermes --resume {session_id}",
        )
    return session_id


def _hint(live: Sequence[SessionSummary]) -> str:
    if not live:
        return "No conversation is running in another process."
    return "\n".join(["These run:", *table(live, now=time.time(), width_cells=terminal_width())])


def _chosen(live: Sequence[SessionSummary]) -> str | None:
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
