"""Going back to a snapshot: what was saved, what changed since, what to take back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from hermes_core.commands import Reply, Rollback
from hermes_core.events import FileDiff
from hermes_tui.core_link.workspace import CheckpointInfo
from hermes_tui.screens.confirm import ConfirmScreen
from hermes_tui.screens.screen import ScreenSpec
from hermes_tui.screens.sheet import SheetScreen
from hermes_tui.slash.safety import rollback_by_words
from hermes_widgets.diff_page import DiffPage
from hermes_widgets.fitting import age, clean
from hermes_widgets.list_rows import RowList
from hermes_widgets.row import Row

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp

Files = Callable[[str], Awaitable[Sequence[FileDiff] | None]]
"""Gets a snapshot's id; returns what changed since, None if that cannot be read."""
Restore = Callable[[Rollback], Awaitable[Reply]]
_ALL = "all"
_KEYS = "⏎ go back…   tab files   space one file's change   pgdn scroll   esc close"


class RollbackScreen(SheetScreen[None]):
    """Snapshots, the files that changed since the one under the cursor, and the change.

    Args:
        found: The snapshots, the newest first.
        files: Reads what changed since one.
        restore: Goes back.
        now: Seconds since the epoch, for ages.
    """

    DEFAULT_CSS = """
    RollbackScreen > .sheet { height: 90%; width: 100%; max-width: 140; padding: 1 0; }
    RollbackScreen.-h-compact > .sheet, RollbackScreen.-h-low > .sheet {
        height: 100%; max-height: 100%;
    }
    RollbackScreen.-h-tiny > .sheet { height: 100%; padding: 0; }
    RollbackScreen > .sheet > .sheet-title { padding: 0 2; }
    RollbackScreen RowList {
        background: $h-raised; height: auto; max-height: 6; margin-top: 1;
        scrollbar-background: $h-raised;
    }
    RollbackScreen #files { max-height: 5; }
    RollbackScreen.-h-tiny RowList { max-height: 3; margin-top: 0; }
    RollbackScreen #since { height: 1; padding: 0 2; margin-top: 1; color: $h-muted; }
    RollbackScreen VerticalScroll {
        height: 1fr; background: $h-canvas; margin: 0 2; scrollbar-size-vertical: 1;
    }
    RollbackScreen #keys { height: 1; padding: 0 2; margin-top: 1; color: $h-faint; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,ctrl+c", "leave", "Close", show=False, id="rollback.leave"),
        Binding("tab,shift+tab", "other_list", "Files", show=False, id="rollback.files"),
        Binding("space", "one_file", "One change", show=False, id="rollback.one-file"),
        Binding("pageup", "scroll(-1)", "Up", show=False, id="rollback.up", priority=True),
        Binding("pagedown", "scroll(1)", "Down", show=False, id="rollback.down", priority=True),
    ]

    def __init__(
        self, found: Sequence[CheckpointInfo], *, files: Files, restore: Restore, now: float
    ) -> None:
        super().__init__()
        self._found = {info.checkpoint_id: info for info in found}
        self._files = files
        self._restore = restore
        self._now = now
        self._diffs: tuple[FileDiff, ...] = ()
        self.snapshots = RowList(id="snapshots")
        self.files = RowList(id="files", empty="Nothing changed since.")
        self.page = DiffPage(with_heads=True)

    def compose(self) -> ComposeResult:
        """Snapshots, files, the change."""
        with Vertical(classes="sheet"):
            yield Static("Go back to a snapshot", classes="sheet-title", markup=False)
            yield self.snapshots
            yield Static(id="since", markup=False)
            yield self.files
            with VerticalScroll(can_focus=False):
                yield self.page
            yield Static(_KEYS, id="keys", markup=False)

    def on_mount(self) -> None:
        """The newest snapshot is under the cursor."""
        self.snapshots.show([snapshot_row(info, self._now) for info in self._found.values()])
        self.snapshots.focus()
        self._read()

    @property
    def chosen(self) -> CheckpointInfo:
        """The snapshot under the cursor."""
        return self._found[self.snapshots.chosen_key]

    def _read(self) -> None:
        self.run_worker(self._show_files(self.chosen), exclusive=True, group="files")

    async def _show_files(self, info: CheckpointInfo) -> None:
        found = await self._files(info.checkpoint_id)
        self._diffs = tuple(found or ())
        count = len(self._diffs)
        rows = [file_row(diff) for diff in self._diffs]
        if count > 1:
            rows.insert(0, Row(key=_ALL, text=f"All {count} files", style="$h-text bold"))
        self.files.show(rows, keep_cursor=False)
        where = f" in {clean(info.directory)}" if info.directory else ""
        text = f"Changed since{where}; going back takes it back" if count else f"Unchanged{where}"
        self.query_one("#since", Static).update(Content(text))
        self.page.show(self._diffs)
        self.query_one(VerticalScroll).scroll_home(animate=False)

    @on(RowList.Highlighted, "#snapshots")
    def _snapshot_shown(self) -> None:
        self._read()

    @on(RowList.Highlighted, "#files")
    def _file_shown(self, event: RowList.Highlighted) -> None:
        if self.files.has_focus:
            self._show_change(event.key)

    def _show_change(self, key: str) -> None:
        shown = [diff for diff in self._diffs if key in (_ALL, diff.path)]
        self.page.show(shown or self._diffs)
        self.query_one(VerticalScroll).scroll_home(animate=False)

    @on(RowList.Chosen, "#snapshots")
    def _snapshot_chosen(self) -> None:
        self.run_worker(self._go_back(self.chosen, None))

    @on(RowList.Chosen, "#files")
    def _file_chosen(self, event: RowList.Chosen) -> None:
        path = None if event.key == _ALL or len(self._diffs) < 1 else event.key
        self.run_worker(self._go_back(self.chosen, path))

    async def _go_back(self, info: CheckpointInfo, path: str | None) -> None:
        scope = await self._asked(info, path)
        if scope is None:
            return
        command = Rollback(
            checkpoint_id=info.checkpoint_id, path=path, scope=scope, client="screen"
        )
        reply = await self._restore(command)
        if reply.ok:
            self.dismiss(None)

    async def _asked(
        self, info: CheckpointInfo, path: str | None
    ) -> Literal["both", "files", "conversation"] | None:
        """Ask what to take back; None changes nothing."""
        kept = "The present state is kept in a snapshot of its own first."
        choices: tuple[tuple[str, str], ...]
        if path is not None:
            choices = (("files", "This file"), ("no", "No, stay here"))
            title, text = f"Take back {path}?", f"The conversation stays as it is. {kept}"
        elif info.has_turn:
            choices = (
                ("both", "Both: files, and the conversation before that turn"),
                ("files", "Files alone"),
                ("conversation", "Conversation alone"),
                ("no", "No, stay here"),
            )
            title, text = "Take back what?", f"To before “{cause_of(info)}”. {kept}"
        else:
            choices = (("files", "Files"), ("no", "No, stay here"))
            title, text = "Take the files back?", f"To “{cause_of(info)}”. {kept}"
        answer = await self.app.push_screen_wait(ConfirmScreen(title, text, choices, safe="no"))
        scopes: dict[str, Literal["both", "files", "conversation"]] = {
            "both": "both",
            "files": "files",
            "conversation": "conversation",
        }
        return scopes.get(answer)

    def action_other_list(self) -> None:
        """Move between the snapshots and the files."""
        if self.files.has_focus or not self._diffs:
            self.snapshots.focus()
            self.page.show(self._diffs)
        else:
            self.files.focus()
            self._show_change(self.files.chosen_key)

    def action_one_file(self) -> None:
        """Show the change of the file under the cursor alone."""
        self._show_change(self.files.chosen_key)

    def action_scroll(self, step: int) -> None:
        """Scroll the change by a page."""
        scroll = self.query_one(VerticalScroll)
        scroll.scroll_relative(y=step * max(scroll.size.height - 1, 1), animate=False)

    def action_leave(self) -> None:
        """Close; nothing changes."""
        self.dismiss(None)


def cause_of(info: CheckpointInfo) -> str:
    """Return why a snapshot was taken, in one line."""
    return clean(info.cause) or info.checkpoint_id[:12]


def snapshot_row(info: CheckpointInfo, now: float) -> Row:
    """Return the row of a snapshot: cause, what it changed, age."""
    counts = f"+{info.added} −{info.removed}" if info.added or info.removed else ""
    files = f"{info.file_count} file{'s' if info.file_count != 1 else ''}"
    right = "  ".join(
        part
        for part in (counts, files if info.file_count else "", age(max(now - info.created_at, 0)))
        if part
    )
    return Row(key=info.checkpoint_id, text=cause_of(info), right=right, glyph="●")


def file_row(diff: FileDiff) -> Row:
    """Return the row of a file that changed."""
    return Row(key=diff.path, text=clean(diff.path), right=f"+{diff.added} −{diff.removed}")


async def _build(host: HermesApp, argument: str) -> RollbackScreen | None:
    if argument:
        await rollback_by_words(host, argument)
        return None
    session_id = host.chat.state.session_id
    found = await host.guard(host.workspace.checkpoints(session_id))
    if not found:
        if found is not None:
            host.tell("No snapshots yet; the first is taken before the first change to a file")
        return None

    async def files(checkpoint_id: str) -> Sequence[FileDiff] | None:
        return await host.guard(host.workspace.checkpoint_files(session_id, checkpoint_id))

    return RollbackScreen(found, files=files, restore=host.command, now=host.clocks.wall())


SCREENS = (
    ScreenSpec(
        id="screen.rollback",
        title="Go back to a snapshot",
        rank=25,
        command="rollback",
        args="[N] [file]",
        summary="restore files as they were; diff N shows",
        group="Safety",
        build=_build,
        in_lines=rollback_by_words,
    ),
)
