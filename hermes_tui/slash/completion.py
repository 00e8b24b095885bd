"""What the composer offers after a slash."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from hermes_tui.core_link.workspace import SkillInfo
from hermes_tui.matching import fuzzy
from hermes_tui.slash.command import Group, SlashCommand
from hermes_widgets.composing.composer_menu import Completion

_GROUPS = get_args(Group)


def slash_completions(
    text: str,
    commands: Sequence[SlashCommand],
    skills: Sequence[SkillInfo],
    models: Sequence[str] = (),
) -> list[Completion]:
    """Offer commands and skills whose names match what was typed, the best first.

    Of those that match equally well the conversation's come before the program's looks.

    Args:
        text: The whole draft up to the cursor.
        commands: All commands.
        skills: Installed skills; those switched off are left out.
        models: Short names for `/model`.
    """
    if not text.startswith("/") or "/" in text[1:].split(" ")[0]:
        return []
    if any(char.isspace() for char in text):
        return _words(text, commands, models)
    wanted = text[1:]
    found: list[tuple[float, int, Completion]] = []
    entries = [
        (command.name, command.summary, command.args, command.aliases)
        for command in sorted(commands, key=lambda command: _GROUPS.index(command.group))
    ]
    entries += [
        (
            skill.name,
            " · ".join(part for part in ("skill", skill.description[:50]) if part),
            "[instruction]",
            (),
        )
        for skill in skills
        if skill.state != "off"
    ]
    for at, (name, summary, args, aliases) in enumerate(entries):
        score, offsets = fuzzy(name, wanted) if wanted else (1.0, ())
        if not score and any(alias.startswith(wanted.casefold()) for alias in aliases):
            score = 50.0
        if score:
            label = f"/{name} {args}".strip()
            offer = Completion(
                insert=f"/{name} " if args else f"/{name}",
                label=label,
                note=summary,
                matches=tuple(offset + 1 for offset in offsets),
                sends=not args.startswith("<"),
            )
            found.append((-score, at, offer))
    return [offer for _, _, offer in sorted(found, key=lambda item: item[:2])]


def _words(text: str, commands: Sequence[SlashCommand], models: Sequence[str]) -> list[Completion]:
    """Offer the first argument where it is one of a few words."""
    name, _, typed = text[1:].partition(" ")
    typed = typed.lstrip(" ")
    command = next((one for one in commands if name.casefold() in (one.name, *one.aliases)), None)
    if command is None or any(char.isspace() for char in typed):
        return []
    words = models if command.name == "model" else command.words
    found = []
    for at, word in enumerate(words):
        score, offsets = fuzzy(word, typed) if typed else (1.0, ())
        if score:
            offer = Completion(
                insert=f"/{name} {word}", label=word, matches=tuple(offsets), sends=True
            )
            found.append((-score, at, offer))
    return [offer for _, _, offer in sorted(found, key=lambda item: item[:2])]
