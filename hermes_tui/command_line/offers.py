"""What a shell is offered to complete an argument with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal, get_args, get_origin

import click
from click.shell_completion import CompletionItem

LOGS = ("agent", "errors", "gateway", "list")

Offer = Callable[[click.Context, click.Parameter, str], list[str]]


def words(known: Iterable[str]) -> Offer:
    """Offer what begins as the word that is typed does."""
    return lambda _context, _parameter, begun: _fitting(known, begun)


def profiles(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Offer the profiles there are."""
    from hermes_core.paths import Home  # measured: --version loads click alone
    from hermes_tui.command_line.profile import profile_names  # measured: as above

    return _fitting(profile_names(Home.find()), begun)


def providers(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Offer the providers that ship and those of the settings."""
    from hermes_core.config.loader import load_settings  # measured: as above
    from hermes_core.paths import Home  # measured: as above
    from hermes_core.providers.records import records  # measured: as above

    settings = load_settings(Home.find()).settings
    own = [*settings.providers, *(entry.name for entry in settings.custom_providers)]
    return _fitting([*records(), *own], begun)


def setting_keys(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Offer the keys of `config.yaml`."""
    from hermes_core.config.keys import ANY, all_keys  # measured: as above

    return _fitting(
        (key.path for key in all_keys() if ANY not in key.path and not key.is_section), begun
    )


def setting_values(context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Offer the values of the key before, where they can be counted."""
    from hermes_core.config.keys import find  # measured: as above

    key = find(str(context.params.get("key", "")))
    return _fitting(_choices(key.field.annotation), begun) if key is not None else []


def files(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Let the shell offer files."""
    return [CompletionItem(begun, type="file")]


def _choices(annotation: Any) -> list[str]:
    if annotation is bool:
        return ["true", "false"]
    if get_origin(annotation) is Literal:
        return [str(value) for value in get_args(annotation)]
    return [word for part in get_args(annotation) for word in _choices(part)]


def _fitting(known: Iterable[str], begun: str) -> list[str]:
    return [word for word in known if word.startswith(begun)]
