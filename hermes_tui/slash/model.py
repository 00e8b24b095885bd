"""Which model answers."""

from __future__ import annotations

from hermes_core.commands import SetRuntime
from hermes_tui.matching import matching
from hermes_tui.slash.command import SlashCommand
from hermes_tui.slash.door import Door
from hermes_widgets.fitting import tokens
from hermes_widgets.row import Row


def parse_choice(argument: str) -> SetRuntime:
    """Read `[name] [--provider P] [--global]` or `provider:model`."""
    words = argument.split()
    persist = "--global" in words
    words = [word for word in words if word != "--global"]
    provider = ""
    if "--provider" in words:
        at = words.index("--provider")
        provider = words[at + 1] if at + 1 < len(words) else ""
        del words[at : at + 2]
    model = words[0] if words else ""
    if not provider and ":" in model and "/" not in model.split(":", 1)[0]:
        provider, model = model.split(":", 1)
    return SetRuntime(model=model, provider=provider, persist=persist, client="screen")


async def _model(door: Door, argument: str) -> None:
    if argument:
        choice = parse_choice(argument)
    else:
        picked = await _pick(door)
        if not picked:
            return
        provider, _, model = picked.partition("\n")
        choice = SetRuntime(model=model, provider=provider, client="screen")
    if choice.model:
        await door.command(choice)


async def _pick(door: Door) -> str:
    models = await door.guard(door.workspace.models()) or []
    runtime = door.state.runtime
    rows = [
        Row(
            key=f"{item.provider}\n{item.model}",
            text=item.model,
            note=item.provider,
            glyph="●" if runtime and runtime.model == item.model else " ",
            glyph_style="$h-gold",
            right=tokens(item.window_tokens) if item.window_tokens else "",
        )
        for item in models
    ]
    now = f"{runtime.model} via {runtime.provider}" if runtime else "none"
    return await door.pick(f"Model · now {now}", lambda text: matching(rows, text), note_at=40)


COMMANDS = (
    SlashCommand(
        name="model",
        args="[name]",
        summary="show or switch the model; --global keeps it",
        group="Model",
        run=_model,
    ),
)
