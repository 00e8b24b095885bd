"""Every setting: found by typing, changed in place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from hermes_core.errors import HermesError
from hermes_tui.core_link.workspace import SettingInfo
from hermes_tui.matching import matching
from hermes_tui.panes.row_texts import sections
from hermes_tui.screens.screen import ScreenSpec
from hermes_tui.screens.sheet import SheetScreen
from hermes_tui.slash.door import Door
from hermes_widgets.fitting import clean
from hermes_widgets.list_rows import Row, RowList

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp

Read = Callable[[], Awaitable[Sequence[SettingInfo]]]
"""Returns every setting as it is now."""
Write = Callable[[str, "str | None"], Awaitable[str]]
"""Gets a key and what was typed, None for the default; returns what is wrong or nothing."""

_KEYS = "⏎ change   f4 default   esc close"
_EDITING = "⏎ write   esc leave as it was"
_STEPPING = "↑↓ choose   ⏎ write   esc leave as it was"


class SettingsScreen(SheetScreen[None]):
    """The list of settings over a line that explains the one under the cursor.

    Args:
        settings: What is shown first.
        read: Read again after each change.
        write: Writes one setting.
        start: Search text at first.
    """

    DEFAULT_CSS = """
    SettingsScreen > .sheet { height: 90%; padding: 1 0; }
    SettingsScreen.-h-compact > .sheet, SettingsScreen.-h-low > .sheet {
        height: 100%; max-height: 100%;
    }
    SettingsScreen.-h-tiny > .sheet { height: 100%; padding: 0; }
    SettingsScreen > .sheet > .sheet-title { padding: 0 2; }
    SettingsScreen > .sheet > Input { margin: 0 2; }
    SettingsScreen > .sheet > #search { margin: 1 2; }
    SettingsScreen.-h-tiny > .sheet > #search { margin: 0 2; }
    SettingsScreen RowList {
        background: $h-raised;
        scrollbar-background: $h-raised; scrollbar-background-hover: $h-raised;
        scrollbar-background-active: $h-raised;
    }
    SettingsScreen #about { height: auto; max-height: 3; padding: 0 2; color: $h-muted; }
    SettingsScreen #about.-error { color: $h-bad; }
    SettingsScreen #entry { display: none; }
    SettingsScreen.-editing #entry { display: block; }
    SettingsScreen #keys { height: 1; padding: 0 2; color: $h-faint; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "leave", "Close", show=False, id="settings.leave"),
        Binding("f4", "reset", "Default", show=False, id="settings.default"),
        Binding("up", "move(-1)", "Up", show=False, id="settings.up"),
        Binding("down", "move(1)", "Down", show=False, id="settings.down"),
        Binding("pageup", "move(-10)", "Page up", show=False, id="settings.page-up"),
        Binding("pagedown", "move(10)", "Page down", show=False, id="settings.page-down"),
    ]

    def __init__(
        self,
        settings: Sequence[SettingInfo],
        *,
        read: Read,
        write: Write,
        start: str = "",
    ) -> None:
        super().__init__()
        self._settings = {info.key: info for info in settings}
        self._read = read
        self._write = write
        self._edited = ""
        self.search = Input(start, placeholder="type to search", compact=True, id="search")
        self.entry = Input(compact=True, id="entry")
        self.search.cursor_blink = self.entry.cursor_blink = False
        self.list = RowList(empty="No setting matches.", note_at=36, is_lit=True)
        self.about = Static(id="about", markup=False)
        self.keys = Static(_KEYS, id="keys", markup=False)

    def compose(self) -> ComposeResult:
        """Title, search, settings, explanation, field, keys."""
        with Vertical(classes="sheet"):
            yield Static("Settings", classes="sheet-title", markup=False)
            yield self.search
            yield self.list
            yield self.about
            yield self.entry
            yield self.keys

    def on_mount(self) -> None:
        """The search line has the keys."""
        self._show(self.search.value)
        self.search.focus()

    @property
    def _is_editing(self) -> bool:
        return bool(self._edited)

    def _show(self, text: str) -> None:
        self.list.show(_rows(self._settings.values(), text), keep_cursor=not text)
        self._explain()

    def _explain(self, problem: str = "") -> None:
        """Say what the setting under the cursor is for, or what is wrong with the entry."""
        info = self._settings.get(self._edited or self.list.chosen_key)
        self.about.set_class(bool(problem), "-error")
        if problem or info is None:
            self.about.update(clean(problem))
            return
        words = [info.about]
        if info.choices:
            words.append(f"One of {', '.join(info.choices)}.")
        words.append(f"Set in {info.origin}." if info.origin != "default" else "Not changed.")
        self.about.update(clean(" ".join(words)))

    @on(Input.Changed, "#search")
    def _searched(self, event: Input.Changed) -> None:
        self._show(event.value)

    @on(RowList.Highlighted)
    def _highlighted(self) -> None:
        if not self._is_editing:
            self._explain()

    @on(Input.Submitted, "#search")
    def _submitted(self) -> None:
        self._begin(self.list.chosen_key)

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        self._begin(event.key)

    def _begin(self, key: str) -> None:
        info = self._settings.get(key)
        if info is None:
            return
        if info.is_fixed:
            self._explain(f"{key} holds secrets; change it with: hermes config edit")
            return
        self._edited = key
        self.add_class("-editing")
        self.entry.password = info.is_secret
        self.entry.placeholder = "type a new one" if info.is_secret else key
        self.entry.value = "" if info.is_secret else info.value
        self.keys.update(_STEPPING if info.choices else _EDITING)
        self._explain()
        self.entry.focus()

    def _end(self) -> None:
        self._edited = ""
        self.remove_class("-editing")
        self.entry.value = ""
        self.keys.update(_KEYS)
        self.search.focus()
        self._explain()

    @on(Input.Submitted, "#entry")
    def _entered(self, event: Input.Submitted) -> None:
        if not event.value and self._settings[self._edited].is_secret:
            self._end()  # nothing was typed over it; f4 takes it out
            return
        self.run_worker(self._keep(self._edited, event.value), exclusive=True)

    async def _keep(self, key: str, text: str | None) -> None:
        problem = await self._write(key, text)
        if problem:
            self._explain(problem)
            return
        self._settings = {info.key: info for info in await self._read()}
        self.list.show(_rows(self._settings.values(), self.search.value))
        self._end()

    def action_reset(self) -> None:
        """Take the setting under the cursor back to its default."""
        key = self._edited or self.list.chosen_key
        if key:
            self.run_worker(self._keep(key, None), exclusive=True)

    def action_move(self, step: int) -> None:
        """Move the cursor, or through the choices of the setting that is being changed."""
        info = self._settings.get(self._edited)
        if info is None:
            self.list.action_move(step)
        elif info.choices:
            words, now = info.choices, self.entry.value
            at = (words.index(now) + step) % len(words) if now in words else 0
            self.entry.value = words[at]
            self.entry.cursor_position = len(words[at])

    def action_leave(self) -> None:
        """Leave the entry as it was, or close."""
        if self._is_editing:
            self._end()
        else:
            self.dismiss(None)


def _rows(settings: Iterable[SettingInfo], text: str) -> list[Row]:
    """Return a row for each setting, by section while nothing is typed."""
    groups: dict[str, list[Row]] = {}
    for info in settings:
        section, dot, _ = info.key.partition(".")
        groups.setdefault(section if dot else "general", []).append(_row(info))
    if text.strip():
        return matching([row for rows in groups.values() for row in rows], text)
    # Keys without a section stand last: there are few, and they are rarely wanted.
    general = groups.pop("general", [])
    named = [*groups.items(), ("general", general)]
    return sections(*((Row(text=name, style="$h-muted bold"), rows) for name, rows in named))


def _row(info: SettingInfo) -> Row:
    is_changed = info.origin != "default"
    return Row(
        key=info.key,
        text=info.key,
        note=clean(info.value) or "–",
        right=info.origin if is_changed else "",
        glyph="●" if is_changed else " ",
        glyph_style="$h-gold",
    )


async def _build(host: HermesApp, argument: str) -> SettingsScreen | None:
    """Show every setting; changes are written and in force at once where that is possible."""

    async def write(key: str, text: str | None) -> str:
        return await _write_setting(host, key, text)

    settings = await host.guard(host.workspace.list_settings())
    if settings is None:
        return None
    return SettingsScreen(settings, read=host.workspace.list_settings, write=write, start=argument)


async def _write_setting(host: HermesApp, key: str, text: str | None) -> str:
    """Write a setting; returns what is wrong, nothing once it is in force."""
    if key == "approvals.mode" and (text or "").strip().lower() in ("off", "false", "no"):
        sure = await host.confirm(
            "Run everything without asking?",
            "In every conversation from now on; commands that destroy the machine stay refused.",
            yes="Run without asking",
        )
        if not sure:
            return "Left as it was."
    try:
        if text is None:
            await host.workspace.unset_setting(key)
        else:
            await host.workspace.type_setting(key, text)
    except (HermesError, OSError) as error:
        return str(error)
    await host.live_reload.apply()
    return ""


async def _in_lines(door: Door, argument: str) -> None:
    door.tell(
        "Settings are listed by: hermes config show\nand changed by: hermes config set KEY VALUE"
    )


SCREENS = (
    ScreenSpec(
        id="app.settings",
        title="Settings",
        key="f2,ctrl+comma",
        rank=18,
        command="settings",
        args="[key]",
        summary="show and change settings",
        group="Program",
        build=_build,
        in_lines=_in_lines,
    ),
)
