"""`hermes login`: what it was called elsewhere, and where that is now."""

from __future__ import annotations

import click

from hermes_core.errors import HermesError
from hermes_core.providers.records import find_record


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, metavar="[PROVIDER]")
def command(words: tuple[str, ...]) -> None:
    """Say how to log in: hermes auth add, or hermes model."""
    record = next((found for word in words if (found := find_record(word))), None)
    provider = record.id if record is not None else "PROVIDER"
    # It fails always: a script must not take it for a login.
    raise HermesError(
        "Nothing was done: logging in is part of other commands.",
        hint=f"`hermes auth add {provider} --type oauth` logs in; `hermes model` does, too, and"
        " chooses a model with it.",
    )
