"""What a family of dangerous commands is, and where families register themselves.

A family is a function over one simple command (`@rule`) or over the whole line
(`@line_rule`) that yields findings. Families live in `families/`, one small file a
group; adding one edits no list.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from functools import cache

from msgspec import Struct

from hermes_core.security.command_line import Command, Redirect, Script, resolve
from hermes_core.security.paths import Concern, Places
from hermes_core.security.words import Word


class Finding(Struct, frozen=True):
    """One reason to ask or to refuse."""

    key: str
    """Stable family key, e.g. `recursive delete`."""
    explanation: str
    """One plain line: what it does here."""
    fragment: str = ""
    """The risky part, literally, for marking."""
    hardline: bool = False
    """Nothing unlocks it."""
    allow_permanent: bool = True
    """False for what is only ever granted for the session."""
    scope: str = ""
    """Absolute path the finding is about, for narrow grants; may be empty."""


class Scene(Struct, frozen=True):
    """What rules may know besides the command."""

    home: str
    places: Places
    script: Script
    temporary: tuple[str, ...] = ("/tmp", "/var/tmp", "/private/tmp", "/dev/shm")

    def path(self, word: Word, command: Command) -> str | None:
        """Return the absolute path a word names; None if it is unknown."""
        return resolve(word, cwd=command.cwd, home=self.home)

    def concern(self, word: Word, command: Command) -> Concern | None:
        """Return why changing what the word names needs care."""
        path = self.path(word, command)
        return None if path is None else self.places.concern(path)


Rule = Callable[[Command, Scene], Iterator[Finding]]
LineRule = Callable[[Scene], Iterator[Finding]]

_RULES: list[Rule] = []
_LINE_RULES: list[LineRule] = []


def rule(function: Rule) -> Rule:
    """Register a family that looks at one simple command at a time."""
    _RULES.append(function)
    return function


def line_rule(function: LineRule) -> LineRule:
    """Register a family that looks at the whole line."""
    _LINE_RULES.append(function)
    return function


@cache
def load_families() -> tuple[tuple[Rule, ...], tuple[LineRule, ...]]:
    """Import every family once and return the rules."""
    package = importlib.import_module("hermes_core.security.families")
    for module in sorted(m.name for m in pkgutil.iter_modules(package.__path__)):
        importlib.import_module(f"{package.__name__}.{module}")
    return tuple(_RULES), tuple(_LINE_RULES)


def has_flag(command: Command, short: str = "", *long: str) -> bool:
    """Whether a short letter (also inside a group like `-xzf`) or a long option is given."""
    for text in command.texts:
        if text == "--":
            return False
        if text.startswith("--"):
            if text.split("=", 1)[0] in long:
                return True
        elif short and text.startswith("-") and any(letter in text[1:] for letter in short):
            return True
    return False


def operands(command: Command) -> list[Word]:
    """Return the arguments that are no options."""
    found: list[Word] = []
    only = False
    for word in command.args:
        if not only and word.text == "--":
            only = True
        elif only or not word.text.startswith("-") or word.text == "-":
            found.append(word)
    return found


def written_by_redirects(command: Command) -> Iterator[Redirect]:
    """Yield the redirects that write a file."""
    for redirect in command.redirects:
        if redirect.writes:
            yield redirect
