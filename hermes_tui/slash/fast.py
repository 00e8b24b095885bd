"""`/fast`: answers that come sooner and cost more, where the model has such a mode."""

from __future__ import annotations

from typing import Literal

from hermes_core.commands import SetServiceTier
from hermes_tui.session_state import SessionState
from hermes_tui.slash.command import SlashCommand
from hermes_tui.slash.door import Door

_KEY = "agent.service_tier"
_TIERS: dict[str, Literal["", "normal", "fast"]] = {
    "": "",
    "status": "",
    "fast": "fast",
    "on": "fast",
    "normal": "normal",
    "off": "normal",
}


async def _fast(door: Door, argument: str) -> None:
    word = argument.casefold()
    if word not in _TIERS:
        door.tell_error(f"/fast does not know “{argument}”", hint="/fast normal, fast or status")
        return
    tier = _TIERS[word]
    reply = await door.command(SetServiceTier(tier=tier, client="screen"))
    if reply.ok and tier:
        await door.guard(door.workspace.set_setting(_KEY, tier))


def _suits(state: SessionState) -> bool:
    # measured: the table of providers is read at the first slash, not at the start
    from hermes_core.providers.facts.fast_mode import has_fast_mode

    return state.runtime is not None and has_fast_mode(state.runtime)


COMMANDS = (
    SlashCommand(
        name="fast",
        args="[normal|fast|status]",
        summary="answers sooner, for more money",
        group="Model",
        run=_fast,
        suits=_suits,
    ),
)
