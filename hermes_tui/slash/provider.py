"""`/provider`: who could answer, and what is missing for the others."""

from __future__ import annotations

from hermes_tui.core_link.workspace import ProviderInfo
from hermes_tui.matching import matching
from hermes_tui.slash.command import COMMAND_REGISTRY, SlashCommand
from hermes_tui.slash.door import Door
from hermes_widgets.fitting import clean
from hermes_widgets.row import Row


async def _provider(door: Door, argument: str) -> None:
    runtime = door.state.runtime
    found = await door.guard(door.workspace.providers(runtime)) or []
    now = runtime.provider if runtime else ""
    rows = [_row(info, is_now=info.provider == now) for info in found]
    if argument:
        rows = [row for row in matching(rows, argument) if row.key]
    picked = await door.pick("Providers", lambda text: matching(rows, text), note_at=30)
    info = next((one for one in found if one.provider == picked), None)
    if info is None:
        return
    command = COMMAND_REGISTRY.get("model" if info.is_ready else "setup")
    if command is not None and door.full_screen is not None:
        await command.run(door, "")
    elif info.is_ready:
        door.tell(f"/model {info.provider}:NAME switches to one of its models")
    else:
        door.tell(f"{info.label} {info.access}. It is set up by: hermes setup")


def _row(info: ProviderInfo, *, is_now: bool) -> Row:
    count = f"{info.model_count} model{'s' * (info.model_count != 1)}" if info.is_ready else ""
    glyph, style = ("✓", "$h-ok") if info.is_ready else (" ", "")
    return Row(
        key=info.provider,
        text=clean(info.label),
        note=clean(info.access),
        right=count,
        glyph="●" if is_now else glyph,
        glyph_style="$h-gold" if is_now else style,
    )


COMMANDS = (
    SlashCommand(
        name="provider",
        args="[words]",
        summary="who could answer, with which key",
        group="Model",
        run=_provider,
    ),
)
