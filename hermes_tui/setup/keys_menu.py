"""The menu of `hermes auth` on a terminal: one question, then what it stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import get_args

from hermes_core.config.model_settings import PoolStrategy
from hermes_core.errors import HermesError
from hermes_tui.setup.dialogue import Dialogue, choose

STRATEGIES: tuple[str, ...] = get_args(PoolStrategy)

Act = Callable[..., None]
"""A command by its arguments."""


def run_menu(dialogue: Dialogue, acts: Mapping[str, Act]) -> None:
    """Ask until the person leaves; a mistake is told and asked again.

    Args:
        dialogue: Who answers.
        acts: By name: `list`, `add`, `remove`, `reset`, `strategy`.

    Raises:
        click.Abort: The person left in the middle of something.
    """
    rows = (
        "add a key",
        "log in",
        "forget a key or login",
        "ask resting keys again",
        "choose which of several keys is asked",
        "leave",
    )
    while True:
        acts["list"](provider=None)
        found = choose(dialogue, "What", rows, default=len(rows) - 1)
        if found is None or found == len(rows) - 1:
            return
        provider = dialogue.ask("Provider (Enter: back)")
        if not provider:
            continue
        try:
            _do(dialogue, acts, found, provider)
        except HermesError as error:
            dialogue.say(f"{error} {error.hint}".rstrip())


def _do(dialogue: Dialogue, acts: Mapping[str, Act], found: int | str, provider: str) -> None:
    match found:
        case 0:
            acts["add"](provider=provider, kind="api-key")
        case 1:
            acts["add"](provider=provider, kind="oauth")
        case 2:
            key = dialogue.ask("Number, id or label (Enter: back)")
            if key:
                acts["remove"](provider=provider, key=key)
        case 3:
            acts["reset"](provider=provider)
        case 4:
            chosen = choose(dialogue, "Which", STRATEGIES, default=0)
            if isinstance(chosen, int):
                acts["strategy"](provider=provider, strategy=STRATEGIES[chosen])
        case _:
            dialogue.say(f"Nothing is called {found!r}.")
