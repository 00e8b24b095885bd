"""Commands about how it looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermes_tui.matching import matching
from hermes_tui.slash.command import SlashCommand
from hermes_tui.slash.door import on_screen
from hermes_widgets.row import Row

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


async def _skin(host: HermesApp, argument: str) -> None:
    names = host.appearance.skins()
    chosen = argument or await _pick(host, "Skin", names, host.appearance.skin)
    if not chosen:
        host.appearance.restore()
    elif chosen not in names:
        host.tell_error(f"There is no skin “{chosen}”", hint=", ".join(names))
    else:
        host.appearance.use_skin(chosen)
        host.appearance.dress(host.open_panes())
        _tell_remarks(host)
        await host.guard(host.workspace.set_setting("display.skin", chosen))


async def _theme(host: HermesApp, argument: str) -> None:
    names = host.appearance.themes()
    chosen = argument or await _pick(host, "Theme", names, host.appearance.theme)
    if not chosen:
        host.appearance.restore()
    elif chosen not in names:
        host.tell_error(f"There is no theme “{chosen}”", hint=", ".join(names))
    else:
        host.appearance.use_theme(chosen)
        _tell_remarks(host)
        await host.guard(host.workspace.set_setting("tui.theme", chosen))


def _tell_remarks(host: HermesApp) -> None:
    for remark in host.appearance.remarks:
        host.tell_error(remark)


async def _pick(host: HermesApp, title: str, names: dict[str, str], now: str) -> str:
    rows = [
        Row(
            key=name,
            text=name,
            note=about,
            glyph="●" if name == now else " ",
            glyph_style="$h-gold",
        )
        for name, about in names.items()
    ]
    preview = host.appearance.preview_skin if title == "Skin" else host.appearance.preview_theme
    return await host.pick(
        title, lambda text: matching(rows, text), preview=preview, start=now, note_at=18
    )


_ELSEWHERE = "There are no colours here. For the screen: hermes config set {key} NAME"

COMMANDS = (
    SlashCommand(
        name="skin",
        args="[name]",
        summary="show or switch the skin",
        group="Look",
        run=on_screen(_skin, elsewhere=_ELSEWHERE.format(key="display.skin")),
    ),
    SlashCommand(
        name="theme",
        args="[name]",
        summary="show or switch the colours",
        group="Look",
        run=on_screen(_theme, elsewhere=_ELSEWHERE.format(key="tui.theme")),
    ),
)
