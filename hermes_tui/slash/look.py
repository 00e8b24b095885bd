"""Commands about how it looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from hermes_tui.matching import matching
from hermes_tui.slash.command import SlashCommand
from hermes_tui.slash.door import on_screen
from hermes_widgets.indicator import IndicatorKind
from hermes_widgets.row import Row

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp

_ABOUT_INDICATORS: dict[str, str] = {
    "kaomoji": "a turning sign, the skin's faces and verbs",
    "emoji": "phases of the moon",
    "unicode": "a turning sign",
    "ascii": "plain characters",
}

_ABOUT_DENSITIES: dict[str, str] = {
    "auto": "compact on a screen of less than 30 rows",
    "comfortable": "a blank row between work and answer",
    "compact": "as much as fits",
    "roomy": "more air, a narrower column",
}


async def _skin(host: HermesApp, argument: str) -> None:
    look, names = host.appearance, host.appearance.skins()
    wanted = argument or await _pick(host, "Skin", names, look.skin)
    chosen = look.skin_named(wanted)
    if not wanted:
        look.restore()
    elif chosen is None:
        host.tell_error(f"There is no skin “{wanted}”", hint=", ".join(names))
    elif look.use_skin(chosen):
        host.live_reload.tell_look()
        await host.guard(host.workspace.set_setting("display.skin", chosen))
    else:
        host.live_reload.tell_look()


async def _theme(host: HermesApp, argument: str) -> None:
    look, names = host.appearance, host.appearance.themes()
    chosen = (argument or await _pick(host, "Theme", names, look.theme)).strip().lower()
    if not chosen:
        look.restore()
    elif chosen not in names:
        host.tell_error(f"There is no theme “{chosen}”", hint=", ".join(names))
    elif look.use_theme(chosen):
        host.live_reload.tell_look()
        await host.guard(host.workspace.set_setting("tui.theme", chosen))
    else:
        host.live_reload.tell_look()


async def _indicator(host: HermesApp, argument: str) -> None:
    kinds = get_args(IndicatorKind)
    about = {kind: _ABOUT_INDICATORS[kind] for kind in kinds}
    chosen = (argument or await _pick(host, "Indicator", about, host.chosen.indicator)).lower()
    if chosen and chosen not in kinds:
        host.tell_error(f"There is no indicator “{chosen}”", hint=", ".join(kinds))
    elif chosen:
        await host.guard(host.workspace.set_setting("tui.indicator", chosen))
        host.chosen.follow()


async def _density(host: HermesApp, argument: str) -> None:
    now = host.chosen.density
    chosen = (argument or await _pick(host, "Density", _ABOUT_DENSITIES, now)).strip().lower()
    if chosen and chosen not in _ABOUT_DENSITIES:
        host.tell_error(f"There is no density “{chosen}”", hint=", ".join(_ABOUT_DENSITIES))
    elif chosen:
        await host.guard(host.workspace.set_setting("tui.density", chosen))
        host.chosen.follow()
        for pane in host.frame.panes:
            pane.refresh_content()


async def _status_bar(host: HermesApp, argument: str) -> None:
    is_shown = not host.chosen.shows_status
    await host.guard(host.workspace.set_setting("tui.status_bar", is_shown))
    host.chosen.follow()


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
    look = host.appearance
    preview = {"Skin": look.preview_skin, "Theme": look.preview_theme}.get(title)
    return await host.pick(
        title, lambda text: matching(rows, text), preview=preview, start=now, note_at=20
    )


_ELSEWHERE = "There are no colours here. For the screen: hermes config set {key} NAME"
_STILL = "Nothing turns here. For the screen: hermes config set tui.indicator KIND"
_NO_AIR = "Lines stand as they come. For the screen: hermes config set tui.density NAME"

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
    SlashCommand(
        name="indicator",
        args="[kind]",
        summary="what turns while the agent works",
        group="Look",
        run=on_screen(_indicator, elsewhere=_STILL),
    ),
    SlashCommand(
        name="density",
        args="[auto|comfortable|compact|roomy]",
        summary="how much air there is",
        group="Look",
        run=on_screen(_density, elsewhere=_NO_AIR),
    ),
    SlashCommand(
        name="statusbar",
        aliases=("sb",),
        summary="hide the row with state and model, or show it again",
        group="Look",
        run=on_screen(_status_bar, elsewhere="There is no status row in the line mode"),
    ),
)
