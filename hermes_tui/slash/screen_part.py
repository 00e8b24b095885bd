"""Commands about the screen itself, and about writing on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from hermes_core.errors import HermesError
from hermes_tui.composing.draft_editor import edit_draft
from hermes_tui.slash.command import SlashCommand
from hermes_tui.slash.door import Door, on_screen

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp

PROGRESS = ("off", "new", "all", "verbose")
"""How much of tool calls is shown, in the order in which `/verbose` goes round."""
BUSY = ("steer", "queue", "interrupt")


async def change(door: Door, key: str, value: object) -> bool:
    """Write a setting and put it in force; says whether that was possible."""
    try:
        await door.workspace.set_setting(key, value)
    except HermesError as error:
        door.tell_error(str(error), hint=error.hint)
        return False
    await door.follow_settings()
    return True


async def cycle_progress(door: Door, wanted: str = "") -> None:
    """Show more of tool calls, or less; round and round."""
    now = str(door.workspace.setting("display.tool_progress"))
    if wanted and wanted not in PROGRESS:
        door.tell_error(f"There is no “{wanted}”", hint=", ".join(PROGRESS))
        return
    at = PROGRESS.index(now) if now in PROGRESS else 2
    chosen = wanted or PROGRESS[(at + 1) % len(PROGRESS)]
    if not await change(door, "display.tool_progress", chosen):
        return
    if door.full_screen is not None:
        door.full_screen.notify(f"Tool calls: {chosen}")
    else:
        door.tell(f"Tool calls: {chosen}")


async def _mouse(host: HermesApp, argument: str) -> None:
    word = argument.casefold()
    if word not in ("", "on", "off"):
        host.tell_error(f"There is no “{argument}”", hint="/mouse on, /mouse off")
        return
    is_on = word == "on" if word else not host.chosen.uses_mouse
    if await change(host, "tui.mouse", is_on):
        host.notify("Mouse: on" if is_on else "Mouse: the terminal's own selection")


async def _busy(door: Door, argument: str) -> None:
    word = argument.casefold()
    if word and word not in BUSY:
        door.tell_error(f"There is no “{argument}”", hint=", ".join(BUSY))
    elif not word or await change(door, "display.busy_input_mode", word):
        mode = door.workspace.setting("display.busy_input_mode")
        door.tell(f"While a turn runs Enter does: {mode}")


async def _reload(door: Door, argument: str) -> None:
    problem = await door.guard(door.workspace.reread_settings())
    if problem:
        door.tell_error(problem)
    elif problem is not None:
        await door.follow_settings()
        door.tell("Settings and keys are read again")


async def _reload_skills(door: Door, argument: str) -> None:
    before = {skill.name for skill in door.skills}
    await door.refresh_lists()
    after = {skill.name for skill in door.skills}
    changes = [f"+{name}" for name in sorted(after - before)]
    changes += [f"−{name}" for name in sorted(before - after)]
    door.tell(f"{len(after)} skills · {', '.join(changes) or 'none new'}")


async def _image(host: HermesApp, argument: str) -> None:
    await host.pasting.attach_path(argument.strip("\"'"))


def _screen(
    name: str,
    summary: str,
    run: Callable[[HermesApp, str], Awaitable[None]],
    *,
    elsewhere: str,
    args: str = "",
) -> SlashCommand:
    return SlashCommand(
        name=name,
        summary=summary,
        run=on_screen(run, elsewhere=elsewhere),
        args=args,
        group="Program",
    )


async def _verbose(door: Door, argument: str) -> None:
    await cycle_progress(door, argument.casefold())


async def _paste(host: HermesApp, argument: str) -> None:
    await host.pasting.paste_picture()


async def _redraw(host: HermesApp, argument: str) -> None:
    host.viewing.redraw()


async def _editor(host: HermesApp, argument: str) -> None:
    await edit_draft(host)


async def _skills(door: Door, argument: str) -> None:
    if door.full_screen is not None:
        door.full_screen.show_pane("skills")
        return
    states = {"on": "", "off": " (off)"}
    lines = [
        f"/{skill.name}{states.get(skill.state, f' ({skill.needs})')}: {skill.description}"
        for skill in door.skills
    ]
    door.tell("\n".join(lines) or f"No skill is installed in {door.workspace.home.skills}")


_PICTURES = "A message that begins with the path of a picture has it attached."

COMMANDS = (
    SlashCommand(
        name="verbose",
        args="[off|new|all|verbose]",
        summary="show more or less of tool calls",
        group="Program",
        run=_verbose,
    ),
    _screen("paste", "attach the picture in the clipboard", _paste, elsewhere=_PICTURES),
    _screen("image", "attach a picture", _image, args="<path>", elsewhere=_PICTURES),
    _screen(
        "editor",
        "write in your own editor",
        _editor,
        elsewhere="Several lines are one message if they are pasted, or end in \\.",
    ),
    _screen(
        "mouse",
        "the program's mouse, or the terminal's",
        _mouse,
        args="[on|off]",
        elsewhere="The mouse is the terminal's own here.",
    ),
    _screen("redraw", "draw the screen again", _redraw, elsewhere="Nothing is drawn here."),
    SlashCommand(name="skills", summary="what is installed", group="Program", run=_skills),
    SlashCommand(
        name="reload", summary="read settings and keys again", group="Program", run=_reload
    ),
    SlashCommand(
        name="reload-skills", summary="look for skills again", group="Program", run=_reload_skills
    ),
    SlashCommand(
        name="busy",
        args="[steer|queue|interrupt]",
        summary="what Enter does while a turn runs",
        group="Turn",
        run=_busy,
    ),
)
