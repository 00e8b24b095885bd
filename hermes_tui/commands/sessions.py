"""`hermes sessions`: list, find, export, rename and delete conversations."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import time
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from typing import IO, NoReturn, TypeVar

import click

from hermes_core.checkpoints.store import CheckpointStore
from hermes_core.errors import HermesError
from hermes_core.paths import Home
from hermes_core.storage.records import SessionRecord, SessionSummary
from hermes_core.storage.store import Store

T = TypeVar("T")

_TITLE_CELLS = 28
_PREVIEW_CELLS = 40
_LEAST_CELLS = 12
"""What title and preview keep on a narrow terminal."""
_NUMBER_CELLS = 5
"""A number and the gap behind it."""
_DAY_S = 86_400


@click.group()
def group() -> None:
    """Past conversations."""


@group.command("list")
@click.option("--source", help="Only conversations from there: cli, telegram, cron, tool …")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
def list_(source: str | None, limit: int) -> None:
    """List the newest conversations."""

    async def work(store: Store) -> list[SessionSummary]:
        return await store.list_sessions(source=source, limit=limit)

    found = _with_store(work)
    lines = table(found, now=time.time(), width_cells=terminal_width())
    click.echo("\n".join(lines) if found else "No sessions yet.")


@group.command()
@click.option("--source", help="Only conversations from there.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
def browse(source: str | None, limit: int) -> None:
    """Pick a conversation and go on with it."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise HermesError(
            "sessions browse needs an interactive terminal.", hint="Use: hermes sessions list"
        )

    async def work(store: Store) -> list[SessionSummary]:
        return await store.list_sessions(source=source, limit=limit)

    chosen = pick_on_terminal(_with_store(work))
    if chosen is not None:
        resume(chosen)


@group.command()
@click.argument("query", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1), default=10, show_default=True)
@click.option("--role", multiple=True, type=click.Choice(["user", "assistant", "tool"]))
def search(query: tuple[str, ...], limit: int, role: tuple[str, ...]) -> None:
    """Search in everything that was said."""

    async def work(store: Store) -> list[str]:
        hits = await store.search(" ".join(query), limit=limit, roles=role)
        return [
            f"{hit.session_id}  {_ago(hit.timestamp, time.time())}  {hit.role}"
            f"  {hit.title or ''}".rstrip()
            + f"\n    {printable(hit.snippet)}"
            for hit in hits
        ]

    lines = _with_store(work)
    click.echo("\n".join(lines) if lines else "No matching sessions found.")


@group.command()
@click.argument("out", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--source", help="Only conversations from there.")
@click.option("--session-id", help="Only this one: id, title or unique id prefix.")
def export(out: str, source: str | None, session_id: str | None) -> None:
    """Write conversations as JSON lines to OUT, or to the output with `-`."""

    async def work(store: Store) -> int:
        if session_id is not None:
            ids = [await store.resolve(session_id)]
        else:
            ids = await store.session_ids(source=source)
        if out == "-":
            return await _export(store, ids, sys.stdout)
        descriptor = os.open(out, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            return await _export(store, ids, file)

    count = _with_store(work)
    if out != "-":
        click.echo(f"Exported {_counted(count, 'session')} to {out}.")


@group.command()
@click.argument("session_id")
@click.argument("title", nargs=-1, required=True)
def rename(session_id: str, title: tuple[str, ...]) -> None:
    """Give a conversation another title."""

    async def work(store: Store) -> str:
        return await store.set_title(await store.resolve(session_id), " ".join(title))

    name = _with_store(work)
    click.echo(f"Session renamed to: {name}" if name else "Title removed.")


@group.command()
@click.argument("session_id")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def delete(session_id: str, yes: bool) -> None:
    """Delete a conversation with all that belongs to it."""

    async def find(store: Store) -> SessionRecord:
        record = await store.session(await store.resolve(session_id))
        if record.id in await store.live_sessions():
            raise HermesError(
                f"Session {record.id} is open in another process.", hint="Close it there first."
            )
        return record

    record = _with_store(find)
    if not yes:
        what = printable(record.title or record.preview or "empty")
        _ask_before(f"Delete session {record.id} ({what})?")
    _with_store(lambda store: store.delete_session(record.id))
    click.echo("Session deleted.")
    if record.source_id:
        click.echo("The older program's state.db still holds its own copy.")


@group.command()
@click.option("--older-than", type=click.IntRange(0), default=90, show_default=True, help="Days.")
@click.option("--source", help="Only conversations from there.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def prune(older_than: int, source: str | None, yes: bool) -> None:
    """Delete ended conversations that started long ago."""

    due = _with_store(lambda store: store.prunable(older_than_days=older_than, source=source))
    if due and not yes:
        _ask_before(f"Delete {_counted(len(due), 'ended session')} older than {older_than} days?")
    count = _with_store(lambda store: store.prune(older_than_days=older_than, source=source))
    click.echo(f"Pruned {count} session(s).")


@group.command()
def stats() -> None:
    """Count conversations, messages and bytes."""
    totals = _with_store(lambda store: store.stats())
    lines = [
        f"Sessions: {totals['sessions']}",
        f"Messages: {totals['messages']}",
        f"Tokens:   {totals['prompt_tokens']} in, {totals['output_tokens']} out",
        f"Cost:     ${totals['cost_usd']:.4f} (estimated)",
    ]
    for source, counts in totals["by_source"].items():
        sessions = _counted(counts["sessions"], "session")
        lines.append(f"  {source}: {sessions}, {_counted(counts['messages'], 'message')}")
    lines.append(f"hermes.db: {totals['database_bytes'] / 1e6:.1f} MB")
    lines.append(f"search.db: {totals['search_bytes'] / 1e6:.1f} MB")
    click.echo("\n".join(lines))


@group.command()
def reindex() -> None:
    """Build the search index anew."""
    count = _with_store(lambda store: store.reindex())
    click.echo(f"Indexed {_counted(count, 'message')}.")


# --- parts that tests drive directly -----------------------------------------------------


def table(
    found: Sequence[SessionSummary], *, now: float, width_cells: int | None = None
) -> list[str]:
    """Lay conversations out as lines: a heading, then one line each.

    The title column is left out when no conversation has a title.

    Args:
        found: The conversations.
        now: Seconds since the epoch.
        width_cells: What a line may take, ids whole; None: as much as it wants.
    """
    if any(summary.title for summary in found):
        heads = ("Title", "Preview", "Last Active", "ID")
        rows = [
            (summary.title or "—", summary.preview, _ago(summary.last_active, now), summary.id)
            for summary in found
        ]
        widths = [_TITLE_CELLS, _PREVIEW_CELLS, 11, 0]
    else:
        heads = ("Preview", "Last Active", "Src", "ID")
        rows = [
            (summary.preview, _ago(summary.last_active, now), summary.source, summary.id)
            for summary in found
        ]
        widths = [_PREVIEW_CELLS, 11, 10, 0]
    if width_cells is not None:
        longest = max(len(row[-1]) for row in rows) if rows else 0
        _narrow(widths, width_cells - longest - 2 * (len(widths) - 1))
    return [
        "  ".join(
            fitted(cell, width) if width else cell for cell, width in zip(row, widths, strict=True)
        )
        for row in (heads, *rows)
    ]


def _narrow(widths: list[int], room: int) -> None:
    """Take from the preview, then from the title, until the columns fit the room."""
    for column in reversed([at for at, width in enumerate(widths) if width > _LEAST_CELLS]):
        widths[column] -= max(0, min(sum(widths) - room, widths[column] - _LEAST_CELLS))


def terminal_width() -> int | None:
    """Cells of a line where output goes to a terminal; None where it goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def pick_on_terminal(found: Sequence[SessionSummary]) -> str | None:
    """Let the person at the terminal choose; the id, or None."""
    return pick(
        found,
        ask=lambda: click.prompt(
            "Number, words to filter, or Enter to leave", default="", show_default=False
        ),
        say=click.echo,
        now=time.time(),
        width_cells=terminal_width(),
    )


def pick(
    found: Sequence[SessionSummary],
    *,
    ask: Callable[[], str],
    say: Callable[[str], None],
    now: float,
    width_cells: int | None = None,
) -> str | None:
    """Let a person choose: words narrow the list down, a number chooses.

    Enter takes the filter away, and leaves when there is none.
    """
    room = None if width_cells is None else width_cells - _NUMBER_CELLS
    shown = list(found)
    while True:
        if not shown:
            say("No session matches.")
        lines = table(shown, now=now, width_cells=room) if shown else []
        for number, line in enumerate(lines):
            say(f"{number:>3}  {line}" if number else f"     {line}")
        answer = ask().strip()
        if answer.isdecimal() and 1 <= int(answer) <= len(shown):
            return shown[int(answer) - 1].id
        if not answer:
            if len(shown) == len(found):
                return None
            shown = list(found)
            continue
        words = answer.casefold().split()
        shown = [one for one in found if all(word in _haystack(one) for word in words)]


def resume(session_id: str, execute: Callable[[str, list[str]], NoReturn] = os.execv) -> NoReturn:
    """Become the program with that conversation open."""
    sys.stdout.flush()
    execute(sys.executable, [sys.executable, "-m", "hermes_tui", "--resume", session_id])


def printable(text: str) -> str:
    """Return the text on one line, without anything that could steer a terminal."""
    return "".join(
        char
        for char in " ".join(text.split())
        if unicodedata.category(char) not in ("Cc", "Cf", "Cs")
    )


def fitted(text: str, width_cells: int) -> str:
    """Cut or fill the text to exactly `width_cells` cells of a terminal."""
    kept: list[str] = []
    used = 0
    for char in printable(text):
        cells = _cells(char)
        if used + cells > width_cells:
            while used > width_cells - 1:
                used -= _cells(kept.pop())
            kept.append("…")
            used += 1
            break
        kept.append(char)
        used += cells
    return "".join(kept) + " " * (width_cells - used)


def _cells(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _ago(moment: float, now: float) -> str:
    seconds = max(0.0, now - moment)
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{seconds / 60:.0f}m ago"
    if seconds < _DAY_S:
        return f"{seconds / 3600:.0f}h ago"
    if seconds < 30 * _DAY_S:
        return f"{seconds / _DAY_S:.0f}d ago"
    return time.strftime("%Y-%m-%d", time.localtime(moment))


def _haystack(summary: SessionSummary) -> str:
    parts = (summary.title or "", summary.preview, summary.id, summary.source)
    return " ".join(parts).casefold()


async def _export(store: Store, ids: Sequence[str], file: IO[str]) -> int:
    for session_id in ids:
        line = json.dumps(await store.export(session_id), ensure_ascii=False)
        await asyncio.to_thread(file.write, line + "\n")
    return len(ids)


def _ask_before(question: str) -> None:
    """Ask whether to go on; outside any event loop, so that Ctrl+C is felt at once.

    Raises:
        HermesError: The answer is no, or nobody can be asked.
    """
    if not sys.stdin.isatty():
        raise HermesError("Nothing was deleted.", hint="Without a terminal, add --yes.")
    if not click.confirm(question):
        raise HermesError("Nothing was deleted.")


def _with_store(work: Callable[[Store], Awaitable[T]]) -> T:
    """Run `work` with the home's store, the older program's conversations taken over first."""

    async def run() -> T:
        home = Home.find()
        store = await Store.open(home)
        store.on_delete(CheckpointStore(home).forget_session)
        try:
            if not store.read_only:
                report = await store.import_reference()
                for problem in report.problems:
                    click.echo(f"Warning: not imported: {problem}", err=True)
            return await work(store)
        finally:
            await store.aclose()

    return asyncio.run(run())
