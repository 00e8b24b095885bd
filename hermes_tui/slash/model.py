"""What the words behind `/model` mean."""

from __future__ import annotations

from hermes_core.commands import SetRuntime
from hermes_tui.matching import matching
from hermes_tui.slash.door import Door
from hermes_widgets.fitting import tokens
from hermes_widgets.row import Row


def parse_choice(argument: str) -> SetRuntime:
    """Read `[name] [--provider P] [--global]`; what a name means is found by the core."""
    words = argument.split()
    persist = "--global" in words
    words = [word for word in words if word != "--global"]
    provider = ""
    if "--provider" in words:
        at = words.index("--provider")
        provider = words[at + 1] if at + 1 < len(words) else ""
        del words[at : at + 2]
    return SetRuntime(model=" ".join(words), provider=provider, persist=persist, client="screen")


async def switch_by_words(door: Door, argument: str) -> None:
    """Switch to what was typed."""
    choice = parse_choice(argument)
    if choice.model or choice.provider:
        await door.command(choice)
    else:
        door.tell_error("/model needs a name here", hint="/model alone shows what there is")


async def pick_model(door: Door, argument: str) -> None:
    """Switch to what was typed, or to what is picked from a list."""
    if argument:
        await switch_by_words(door, argument)
        return
    runtime = door.state.runtime
    models = await door.guard(door.workspace.models(runtime)) or []
    rows = [
        Row(
            key=f"{item.provider}\n{item.model}",
            text=item.model,
            note="  ".join(part for part in (item.label or item.provider, item.price) if part),
            glyph="●" if runtime and runtime.model == item.model else " ",
            glyph_style="$h-gold",
            right=tokens(item.window_tokens) if item.window_tokens else "",
        )
        for item in models
    ]
    now = f"{runtime.model} via {runtime.provider}" if runtime else "none"
    picked = await door.pick(f"Model · now {now}", lambda text: matching(rows, text), note_at=40)
    if picked:
        provider, _, model = picked.partition("\n")
        await door.command(SetRuntime(model=model, provider=provider, client="screen"))
