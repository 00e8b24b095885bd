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


async def change(host: HermesApp, key: str, value: object) -> bool:
    """Write a setting and bring it into the screen; says whether that was possible."""
    try:
        await host.workspace.set_setting(key, value)
    except HermesError as error:
        host.tell_error(str(error), hint=error.hint)
        return False
    await host.live_reload.apply()
    return True


async def cycle_progress(host: HermesApp, wanted: str = "") -> None:
    """Show more of tool calls, or less; round and round."""
    now = str(host.workspace.setting("display.tool_progress"))
    if wanted and wanted not in PROGRESS:
        host.tell_error(f"There is no “{wanted}”", hint=", ".join(PROGRESS))
        return
    at = PROGRESS.index(now) if now in PROGRESS else 2
    chosen = wanted or PROGRESS[(at + 1) % len(PROGRESS)]
    if await change(host, "display.tool_progress", chosen):
        host.notify(f"Tool calls: {chosen}")


async def _mouse(host: HermesApp, argument: str) -> None:
    word = argument.casefold()
    if word not in ("", "on", "off"):
        host.tell_error(f"There is no “{argument}”", hint="/mouse on, /mouse off")
        return
    is_on = word == "on" if word else not host.chosen.uses_mouse
    if await change(host, "tui.mouse", is_on):
        host.notify("Mouse: on" if is_on else "Mouse: the terminal's own selection")


async def _busy(door: Door, argument: str) -> None:
    host = door.full_screen
    word = argument.casefold()
    if not word:
        door.tell(f"While a turn runs ⏎ does: {door.workspace.setting('display.busy_input_mode')}")
    elif word not in BUSY:
        door.tell_error(f"There is no “{argument}”", hint=", ".join(BUSY))
    elif host is not None:
        await change(host, "display.busy_input_mode", word)
    else:
        await door.guard(door.workspace.set_setting("display.busy_input_mode", word))


async def _reload(host: HermesApp, argument: str) -> None:
    problem = await host.guard(host.workspace.reread_settings())
    if problem:
        host.tell_error(problem)
    elif problem is not None:
        await host.live_reload.apply()
        host.tell("Settings and keys are read again")


async def _reload_skills(host: HermesApp, argument: str) -> None:
    before = {skill.name for skill in host.skills}
    await host.refresh_lists()
    after = {skill.name for skill in host.skills}
    changes = [f"+{name}" for name in sorted(after - before)]
    changes += [f"−{name}" for name in sorted(before - after)]
    host.tell(f"{len(after)} skills · {', '.join(changes) or 'none new'}")


async def _image(host: HermesApp, argument: str) -> None:
    await host.pasting.attach_path(argument.strip("\"'"))


def _screen(
    name: str, summary: str, run: Callable[[HermesApp, str], Awaitable[None]], *, args: str = ""
) -> SlashCommand:
    elsewhere = f"/{name} is for the full screen"
    return SlashCommand(
        name=name,
        summary=summary,
        run=on_screen(run, elsewhere=elsewhere),
        args=args,
        group="Program",
    )


async def _verbose(host: HermesApp, argument: str) -> None:
    await cycle_progress(host, argument.casefold())


async def _paste(host: HermesApp, argument: str) -> None:
    await host.pasting.paste_picture()


async def _redraw(host: HermesApp, argument: str) -> None:
    host.viewing.redraw()


async def _editor(host: HermesApp, argument: str) -> None:
    await edit_draft(host)


async def _skills(host: HermesApp, argument: str) -> None:
    host.show_pane("skills")


COMMANDS = (
    _screen("verbose", "show more or less of tool calls", _verbose, args="[off|new|all|verbose]"),
    _screen("paste", "attach the picture in the clipboard", _paste),
    _screen("image", "attach a picture", _image, args="<path>"),
    _screen("editor", "write in your own editor", _editor),
    _screen("mouse", "the program's mouse, or the terminal's", _mouse, args="[on|off]"),
    _screen("redraw", "draw the screen again", _redraw),
    _screen("skills", "what is installed", _skills),
    _screen("reload", "read settings and keys again", _reload),
    _screen("reload-skills", "look for skills again", _reload_skills),
    SlashCommand(
        name="busy",
        args="[steer|queue|interrupt]",
        summary="what Enter does while a turn runs",
        group="Turn",
        run=_busy,
    ),
)
