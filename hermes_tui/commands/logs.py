"""`hermes logs`: read, filter and follow the log files."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from pathlib import Path

import click

from hermes_core.log_lines import (
    COMPONENTS,
    LEVELS,
    LineFilter,
    last_lines,
    new_lines,
    parse_age,
    parse_line,
)
from hermes_core.paths import Home
from hermes_tui.command_line import offers

FILES = {"agent": "agent.log", "errors": "errors.log", "gateway": "gateway.log"}


@click.command()
@click.argument(
    "name",
    default="agent",
    metavar="[agent|errors|gateway|list]",
    shell_complete=offers.words(offers.LOGS),
)
@click.option("-n", "--lines", default=50, show_default=True, type=click.IntRange(min=1))
@click.option("-f", "--follow", is_flag=True, help="Wait for new lines.")
@click.option("--level", help="This level and worse.")
@click.option("--session", help="Lines of one conversation (part of the id).")
@click.option("--since", metavar="AGE", help="Newer than 45s, 30m, 2h, 1d.")
@click.option("--component", help=f"One of {', '.join(COMPONENTS)}.")
@click.option("--json", "as_json", is_flag=True, help="One object a line.")
def command(
    name: str,
    lines: int,
    follow: bool,
    level: str | None,
    session: str | None,
    since: str | None,
    component: str | None,
    as_json: bool,
) -> None:
    """Print the last lines of a log file."""
    home = Home.find()
    if name == "list":
        _list(home)
        return
    wanted = _filter(level, session, since, component)
    path = _file(home, name)
    found, position = last_lines(path, lines, wanted)
    if not as_json:
        click.echo(f"--- {path}{_described(level, session, since, component)} (last {lines}) ---")
    for line in found:
        _show(line, as_json=as_json)
    if follow:
        asyncio.run(_follow(path, position, wanted, as_json=as_json))


def _list(home: Home) -> None:
    files = sorted(home.logs.glob("*")) if home.logs.is_dir() else []
    for file in files:
        if file.is_file():
            click.echo(f"{file.stat().st_size:>10,}  {file}")
    if not files:
        click.echo(f"No logs yet in {home.logs}")


def _file(home: Home, name: str) -> Path:
    if name not in FILES:
        raise click.ClickException(f"No log is called {name!r}: {', '.join(FILES)} or list.")
    path = home.logs / FILES[name]
    if not path.is_file():
        raise click.ClickException(f"There is no {path} yet.")
    return path


def _filter(
    level: str | None, session: str | None, since: str | None, component: str | None
) -> LineFilter:
    if level and level.upper() not in LEVELS:
        raise click.ClickException(f"No level is called {level!r}: {', '.join(LEVELS)}.")
    if component and component not in COMPONENTS:
        raise click.ClickException(
            f"No component is called {component!r}: {', '.join(COMPONENTS)}."
        )
    oldest = None
    if since:
        try:
            # Log lines carry local time without a zone.
            oldest = datetime.now().astimezone().replace(tzinfo=None) - parse_age(since)
        except ValueError as error:
            raise click.ClickException(str(error)) from error
    return LineFilter((level or "").upper(), session or "", component or "", oldest)


def _described(*conditions: str | None) -> str:
    names = ("level", "session", "since", "component")
    parts = [f"{name}={value}" for name, value in zip(names, conditions, strict=True) if value]
    return f" [{', '.join(parts)}]" if parts else ""


def _show(line: str, *, as_json: bool) -> None:
    if not as_json:
        click.echo(line)
        return
    found = parse_line(line)
    click.echo(json.dumps(found if found else {"message": line}, ensure_ascii=False))


async def _follow(path: Path, position: int, wanted: LineFilter, *, as_json: bool) -> None:
    async for line in new_lines(path, position, wanted):
        _show(line, as_json=as_json)
