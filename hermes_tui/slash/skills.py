"""Skills as commands: `/name instruction` loads the skill and says what to do with it."""

from __future__ import annotations

from collections.abc import Iterable

from hermes_core.commands import Submit
from hermes_core.errors import HermesError
from hermes_tui.core_link.workspace import SkillInfo
from hermes_tui.slash.door import Door


def usable(skills: Iterable[SkillInfo]) -> list[str]:
    """Names of the skills that can be used: all that are not switched off."""
    return [skill.name for skill in skills if skill.state != "off"]


async def use_skill(door: Door, name: str, line: str) -> None:
    """Send a line that names a skill; the skill's text goes behind it.

    Args:
        door: Where it was typed.
        name: Of the skill, as it is installed.
        line: What was typed, with the slash; it is what people see.
    """
    try:
        text = await door.workspace.skill_text(name)
    except HermesError as error:
        door.tell_error(str(error), hint=error.hint)
        door.offer_draft(line)
        return
    reply = await door.command(Submit(text=line, context=text, client="screen"))
    if not reply.ok:
        door.offer_draft(line)
