"""What a slash command is, how one is read from the composer, and where they register."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Literal

from msgspec import Struct

from hermes_tui.registry import Registry
from hermes_tui.session_state import SessionState
from hermes_tui.slash.door import Door

Group = Literal["Conversation", "Turn", "Model", "Safety", "Look", "Facts", "Program"]


class SlashCommand(Struct, frozen=True, kw_only=True):
    """One command."""

    name: str
    summary: str
    run: Callable[[Door, str], Awaitable[None]]
    """Gets where it was typed and the argument, its case kept; see `door.on_screen`."""
    aliases: tuple[str, ...] = ()
    args: str = ""
    """How the argument looks, e.g. `[name]`; empty if there is none."""
    group: Group = "Conversation"
    suits: Callable[[SessionState], bool] = lambda state: True
    """Whether lists offer it for a conversation; who types it is told why not."""

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments there are, where `args` lists them: `[on|off]`."""
        inner = self.args.strip("[]<>")
        return tuple(inner.split("|")) if "|" in inner and " " not in inner else ()


COMMAND_REGISTRY: Registry[SlashCommand] = Registry(
    "hermes_tui.slash", "COMMANDS", lambda command: command.name
)
"""Every command; plugins add theirs by `register_command`."""


class Unknown(Struct, frozen=True):
    """Nothing has that name."""

    name: str
    near: tuple[str, ...] = ()
    """Names it may have been; more than one if it is ambiguous."""


def unknown_words(found: Unknown) -> tuple[str, str]:
    """Say that nothing has a name, and what may have been meant."""
    names = ", ".join(f"/{name}" for name in found.near)
    if len(found.near) > 1:
        return f"/{found.name} may be {names}", "type a further letter"
    hint = f"did you mean {names}? · " if names else ""
    return f"Unknown command: /{found.name}", f"{hint}/help lists them"


def register_command(command: SlashCommand) -> None:
    """Add a command.

    Raises:
        ValueError: Its name is taken.
    """
    COMMAND_REGISTRY.add(command)


def parse(text: str) -> tuple[str, str] | None:
    """Read `/name argument`.

    A first word with a second `/` is a path, a lone `/` is text.

    Returns:
        The name in lower case and the argument, or None if it is not a command.
    """
    if not text.startswith("/"):
        return None
    first, *rest = text[1:].split(maxsplit=1)[:2] or [""]
    if not first or "/" in first or text[1].isspace():
        return None
    return first.casefold(), (rest[0].strip() if rest else "")


def find(
    name: str, commands: Sequence[SlashCommand], skills: Iterable[str] = ()
) -> SlashCommand | str | Unknown:
    """Look a name up: names and aliases, then skills, then unique beginnings.

    Returns:
        The command, or the name of a skill, or what is known about the failure.
    """
    for command in commands:
        if name == command.name or name in command.aliases:
            return command
    by_name = {skill.casefold(): skill for skill in skills}
    if name in by_name:
        return by_name[name]
    starts = [command for command in commands if command.name.startswith(name)]
    if len(starts) == 1:
        return starts[0]
    if starts:
        return Unknown(name, tuple(command.name for command in starts))
    return Unknown(name, _near(name, commands))


def _near(name: str, commands: Sequence[SlashCommand]) -> tuple[str, ...]:
    import difflib  # measured: 4 ms, needed only after a typing mistake

    names = [command.name for command in commands]
    return tuple(difflib.get_close_matches(name, names, n=1))
