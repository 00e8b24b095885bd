"""What a screen of its own is, and where screens register.

A screen that registers is an action with its keys, an entry of palette and help, and,
where it names one, a slash command; nothing else is edited for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from textual.screen import ModalScreen

from hermes_tui.actions.action import ACTION_REGISTRY, Action
from hermes_tui.registry import Registry
from hermes_tui.slash.command import COMMAND_REGISTRY, Group, SlashCommand
from hermes_tui.slash.door import Door

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp

Build = Callable[["HermesApp", str], Awaitable["ModalScreen[Any] | None"]]
"""Gets the program and the argument of the command, empty from a key; None if there is
nothing to show, which was told then."""


class ScreenSpec(Struct, frozen=True, kw_only=True):
    """A screen as it registers."""

    id: str
    """Stable, for `keymap.<id>`."""
    title: str
    """In palette and help."""
    build: Build
    key: str = ""
    """Comma-separated names as Textual writes them; may be empty."""
    rank: int = 50
    """Place in the palette, see `Action.rank`."""
    footer: str = ""
    instead: Callable[[HermesApp], Awaitable[bool]] | None = None
    """What the key does where it means something else; says whether it did."""
    command: str = ""
    """Name of the slash command that opens it; empty for none."""
    aliases: tuple[str, ...] = ()
    args: str = ""
    summary: str = ""
    group: Group = "Facts"
    works_early: bool = False
    """Whether it can be used although the core did not come up."""
    in_lines: Callable[[Door, str], Awaitable[None]] | None = None
    """What the command does in the line mode; None says that it needs the screen."""


SCREEN_REGISTRY: Registry[ScreenSpec] = Registry(
    "hermes_tui.screens", "SCREENS", lambda spec: spec.id
)
"""Every screen; plugins add theirs by `register_screen`."""


def register_screen(spec: ScreenSpec) -> None:
    """Add a screen, with its action and its command.

    Raises:
        ValueError: Its id or the name of its command is taken.
    """
    if spec.command and COMMAND_REGISTRY.get(spec.command) is not None:
        raise ValueError(f"the command /{spec.command} is there already")
    if ACTION_REGISTRY.get(spec.id) is not None:
        raise ValueError(f"the action {spec.id!r} is there already")
    SCREEN_REGISTRY.add(spec)
    ACTION_REGISTRY.add(action_of(spec))
    if spec.command:
        COMMAND_REGISTRY.add(command_of(spec))


async def open_screen(host: HermesApp, spec: ScreenSpec, argument: str = "") -> None:
    """Show a screen over the workspace and wait until it is closed.

    Its key reaches the program from there too; a screen that is shown is left as it is.
    """
    if not host.is_ready and not (spec.works_early and host.has_failed_to_start):
        host.tell_error("Still starting", hint="Try again in a moment.")
        return
    if getattr(host.screen, "spec_id", "") == spec.id:
        return
    screen = await spec.build(host, argument)
    if screen is not None:
        screen.spec_id = spec.id  # type: ignore[attr-defined]  # a mark of ours
        await host.push_screen_wait(screen)


def action_of(spec: ScreenSpec) -> Action:
    """Return the action that opens a screen."""

    async def run(host: HermesApp) -> None:
        if spec.instead is None or not await spec.instead(host):
            await open_screen(host, spec)

    return Action(
        id=spec.id,
        label=f"{spec.title}…",
        run=run,
        keys=spec.key,
        footer=spec.footer,
        rank=spec.rank,
    )


def command_of(spec: ScreenSpec) -> SlashCommand:
    """Return the slash command that opens a screen."""

    async def run(door: Door, argument: str) -> None:
        screen = door.full_screen
        if screen is not None:
            await open_screen(screen, spec, argument)
        elif spec.in_lines is not None:
            await spec.in_lines(door, argument)
        else:
            door.tell(f"/{spec.command} needs the full screen: hermes without --plain")

    return SlashCommand(
        name=spec.command,
        aliases=spec.aliases,
        args=spec.args,
        summary=spec.summary or spec.title,
        group=spec.group,
        run=run,
    )
