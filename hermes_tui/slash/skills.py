"""Skills as commands: `/name instruction` loads the skill and says what to do with it."""

from __future__ import annotations

from hermes_core.commands import Submit
from hermes_core.errors import HermesError
from hermes_tui.slash.door import Door


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
