"""`hermes insights`: what was used over days, on a plain terminal."""

from __future__ import annotations

import asyncio

import click
import msgspec

from hermes_core.insights import LONGEST_DAYS, Insights
from hermes_core.paths import Home


@click.command()
@click.option(
    "--days", type=click.IntRange(1, LONGEST_DAYS), default=30, show_default=True, help="Today too."
)
@click.option("--source", default="", help="Only conversations from there: cli, telegram, cron …")
@click.option("--json", "as_json", is_flag=True, help="One object.")
def command(days: int, source: str, as_json: bool) -> None:
    """Print tokens, requests and cost of the last days."""
    found = asyncio.run(_read(days, source))
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
    else:
        from hermes_tui.usage_text import insights_lines  # measured: the words load the toolkit

        click.echo("\n".join(insights_lines(found, source=source)))


async def _read(days: int, source: str) -> Insights:
    # measured: --help has no use for the core
    from hermes_core.storage.store import Store
    from hermes_tui.core_link.usage_facts import read_insights

    home = Home.find()
    home.create()
    store = await Store.open(home)
    try:
        return await read_insights(store, days=days, source=source)
    finally:
        await store.aclose()
