"""The skill pane: what is installed, and whether it can be used."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from hermes_core.errors import HermesError
from hermes_tui.core_link.workspace import SkillInfo
from hermes_tui.panes.doing import pane_action
from hermes_tui.panes.pane import Pane, PaneSpec
from hermes_tui.panes.row_texts import skill_rows
from hermes_widgets.list_rows import RowList

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


class SkillsPane(Pane):
    """Skills by category. Enter puts the skill's command into the composer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False, id="skills.up"),
        Binding("down", "move(1)", "Down", show=False, id="skills.down"),
    ]

    def __init__(self, host: HermesApp) -> None:
        super().__init__(host, id="pane-skills")
        self.search = Input(placeholder="filter skills", compact=True)
        self.search.cursor_blink = False
        self.list = RowList(
            empty="Skills will be listed here; ask the agent to write one, or install one.",
            note_at=24,
            is_lit=True,
        )
        self._skills: list[SkillInfo] = []

    def compose(self) -> ComposeResult:
        """Filter above, list below."""
        yield self.head
        yield self.search
        yield self.list

    def refresh_content(self) -> None:
        """Read what is installed again."""
        self._load()

    def take_focus(self) -> None:
        """Put the keyboard into the filter; arrows still move the list."""
        self.search.focus()

    @work(exclusive=True)
    async def _load(self) -> None:
        try:
            self._skills = await self.host.workspace.skills()
        except HermesError as error:
            self.host.tell_error(str(error), hint=error.hint)
            return
        self._show()

    def _show(self) -> None:
        wanted = self.search.value.strip().casefold()
        found = [
            skill
            for skill in self._skills
            if wanted in f"{skill.name} {skill.category} {skill.description}".casefold()
        ]
        self.show_head("Skills", len(found))
        self.list.show(skill_rows(found, keyed=True), keep_cursor=not wanted)

    @on(Input.Changed)
    def _filter_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._show()

    @on(Input.Submitted)
    def _filter_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_use()

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        self.action_use()

    def action_use(self) -> None:
        """Put the skill's command into the composer, ready for a text."""
        if self.list.chosen_key:
            self.host.show_pane("chat")
            self.host.chat.composer.set_draft(f"/{self.list.chosen_key} ")

    def action_move(self, step: int) -> None:
        """Move the list's cursor from the filter."""
        self.list.action_move(step)


PANES = (
    PaneSpec(
        id="skills",
        title="Skills",
        number=4,
        build=SkillsPane,
        rank=31,
        actions=(
            pane_action(
                "skills", "use", "Run with a text", "enter", footer="use", over_fields=False
            ),
        ),
    ),
)
