"""`hermes version`: the version and what it runs on."""

from __future__ import annotations

import platform

import click

from hermes_tui._version import VERSION


@click.command()
def command() -> None:
    """Print the version and what it runs on."""
    click.echo(f"hermes {VERSION}")
    click.echo(f"Python {platform.python_version()} on {platform.system()} {platform.machine()}")
