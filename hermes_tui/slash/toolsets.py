"""Commands about which tools the model is offered, and what is set up."""

from __future__ import annotations

from collections.abc import Sequence

from hermes_core.errors import HermesError
from hermes_tui.core_link.workspace import ToolInfo
from hermes_tui.slash.command import SlashCommand
from hermes_tui.slash.door import Door

_KEY = "platform_toolsets.cli"


def toolsets_of(tools: Sequence[ToolInfo]) -> dict[str, list[ToolInfo]]:
    """Return the tools of each toolset, by name."""
    found: dict[str, list[ToolInfo]] = {}
    for tool in sorted(tools, key=lambda one: (one.toolset, one.name)):
        found.setdefault(tool.toolset, []).append(tool)
    return found


async def _toolsets(door: Door, argument: str) -> None:
    tools = await door.guard(door.workspace.tools()) or []
    lines = []
    for name, members in toolsets_of(tools).items():
        mark = "✓" if any(tool.is_available for tool in members) else "·"
        lines.append(f"{mark} {name:<14} {', '.join(tool.name for tool in members)}")
    door.tell("\n".join([*lines, "/tools disable NAME and /tools enable NAME change it"]))


async def switch(door: Door, names: Sequence[str], *, on: bool) -> None:
    """Offer toolsets to new conversations, or no longer, and begin one."""
    tools = await door.guard(door.workspace.tools())
    if tools is None:
        return
    known = toolsets_of(tools)
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        word = f"There is no toolset {', '.join(unknown)}" if unknown else "Which toolset?"
        door.tell_error(word, hint=", ".join(known))
        return
    active = [name for name, members in known.items() if any(one.is_available for one in members)]
    wanted = [name for name in known if (name in active or (on and name in names))]
    if not on:
        wanted = [name for name in wanted if name not in names]
    try:
        await door.workspace.set_setting(_KEY, wanted)
    except HermesError as error:
        door.tell_error(str(error), hint=error.hint)
        return
    where = "this" if await door.open_new() else "the next"
    verb = "offered" if on else "no longer offered"
    door.tell(f"{', '.join(names)}: {verb} from {where} conversation on")


async def _config(door: Door, argument: str) -> None:
    found = await door.guard(door.workspace.list_settings()) or []
    wanted = argument.casefold()
    lines = [
        f"{one.key} = {one.value}   ({one.origin})"
        for one in found
        if (wanted in one.key if wanted else one.origin != "default")
    ]
    title = f"Settings with “{argument}”" if argument else "Settings that differ from the default"
    await door.read(title, "\n".join(lines) or "none")


async def _profile(door: Door, argument: str) -> None:
    root = door.workspace.home.root
    name = root.name if root.parent.name == "profiles" else "default"
    door.tell(f"Profile {name}\nHome    {root}")


COMMANDS = (
    SlashCommand(
        name="toolsets", summary="groups of tools, on and off", group="Facts", run=_toolsets
    ),
    SlashCommand(
        name="config",
        args="[key]",
        summary="settings that were changed, or those with a name",
        group="Program",
        run=_config,
    ),
    SlashCommand(name="profile", summary="which profile and home this is", run=_profile),
)
