"""`/personality`: how the agent talks."""

from __future__ import annotations

from collections.abc import Mapping

from hermes_core.commands import SetOverlay
from hermes_core.config.personalities import NO_PERSONALITY, Personality, personalities
from hermes_tui.matching import matching
from hermes_tui.slash.command import SlashCommand
from hermes_tui.slash.door import Door
from hermes_widgets.fitting import clean, fit
from hermes_widgets.row import Row

_KEY = "agent.system_prompt"


async def _personality(door: Door, argument: str) -> None:
    written = door.workspace.setting("agent.personalities")
    known = personalities(written if isinstance(written, Mapping) else {})
    word = argument.casefold() or await _picked(door, known)
    found = next((one for name, one in known.items() if name.casefold() == word.casefold()), None)
    if not word:
        return
    if found is None and word not in NO_PERSONALITY:
        door.tell_error(f"There is no personality “{argument}”", hint=", ".join(known))
        return
    prompt = found.prompt if found else ""
    if not await _may_replace(door, known, prompt):
        return
    reply = await door.command(SetOverlay(text=prompt, client="screen"))
    if reply.ok:
        await door.guard(door.workspace.set_setting(_KEY, prompt))
        door.tell(f"Personality: {word} · from your next message on" if found else "No personality")


async def _may_replace(door: Door, known: Mapping[str, Personality], prompt: str) -> bool:
    """Ask before a prompt goes that somebody wrote themselves."""
    now = str(door.workspace.setting(_KEY)).strip()
    if now in ("", prompt) or any(one.prompt == now for one in known.values()):
        return True
    text = f"{_KEY} in config.yaml says: {fit(clean(now), 200)}"
    return await door.confirm("Replace the prompt you wrote?", text, yes="Replace it")


async def _picked(door: Door, known: Mapping[str, Personality]) -> str:
    now = str(door.workspace.setting(_KEY)).strip()
    named = next((name for name, one in known.items() if one.prompt == now), "")
    rows = [_row(name, one.about, is_now=name == named) for name, one in known.items()]
    neutral = _row("none", "as the model is", is_now=not now)
    return await door.pick(
        "Personality",
        lambda text: matching([neutral, *rows], text),
        note_at=20,
        start=named or "none",
    )


def _row(name: str, about: str, *, is_now: bool) -> Row:
    return Row(
        key=name,
        text=clean(name),
        note=clean(about),
        glyph="●" if is_now else " ",
        glyph_style="$h-gold",
    )


COMMANDS = (
    SlashCommand(
        name="personality",
        args="[name|none]",
        summary="how the agent talks",
        group="Model",
        run=_personality,
    ),
)
