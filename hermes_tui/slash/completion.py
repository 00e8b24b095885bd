"""What the composer offers after a slash."""

from __future__ import annotations

from collections.abc import Sequence

from hermes_tui.core_link.workspace import SkillInfo
from hermes_tui.matching import fuzzy
from hermes_tui.slash.command import SlashCommand
from hermes_widgets.composing.composer_menu import Completion


def slash_completions(
    text: str, commands: Sequence[SlashCommand], skills: Sequence[SkillInfo]
) -> list[Completion]:
    """Offer commands and skills whose names match what was typed, the best first.

    Args:
        text: The whole draft up to the cursor.
        commands: All commands.
        skills: Installed skills; those switched off are left out.
    """
    if not text.startswith("/") or "/" in text[1:] or any(char.isspace() for char in text):
        return []
    wanted = text[1:]
    found: list[tuple[float, int, Completion]] = []
    entries = [
        (command.name, command.summary, command.args, command.aliases) for command in commands
    ]
    entries += [
        (skill.name, f"skill · {skill.description[:50]}", "[instruction]", ())
        for skill in skills
        if skill.state == "on"
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
