"""The skill pane: what is installed, and whether it can be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work

from hermes_tui.panes.doing import pane_action
from hermes_tui.panes.list_pane import SearchPane
from hermes_tui.panes.pane import PaneSpec
from hermes_tui.panes.row_texts import skill_rows
from hermes_widgets.list_rows import RowList

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


class SkillsPane(SearchPane):
    """Skills by category. Enter puts the skill's command into the composer."""

    DEFAULT_CSS = """
    SkillsPane.-compact > Input { display: none; }
    SkillsPane.-compact.-open > Input { display: block; }
    """

    def __init__(self, host: HermesApp) -> None:
        rows = RowList(
            empty="Skills will be listed here; ask the agent to write one, or install one.",
            note_at=24,
            keeps_cursor=False,
        )
        super().__init__(host, rows, placeholder="filter skills", id="pane-skills")

    @property
    def has_news(self) -> bool:
        """Whether a skill is installed."""
        return bool(self.host.skills)

    def refresh_content(self) -> None:
        """Show what is installed."""
        wanted = self.wanted.casefold()
        skills = self.host.skills
        found = [
            skill
            for skill in skills
            if wanted in f"{skill.name} {skill.category} {skill.description}".casefold()
        ]
        ready = sum(skill.state == "on" for skill in skills)
        rest = len(skills) - ready
        self.show_head("Skills", f"{ready} on" + (f" · {rest} off" if rest else ""))
        rows = skill_rows(found, is_compact=self.is_compact)
        self.list.show(rows, keep_cursor=not wanted)

    def load(self) -> None:
        """Read what is installed again."""
        self._load()

    def searched(self) -> None:
        """Leave out what is not meant."""
        self.refresh_content()

    @work(exclusive=True)
    async def _load(self) -> None:
        found = await self.host.guard(self.host.workspace.skills())
        if found is not None:
            self.host.skills = found
            self.refresh_content()

    def action_choose(self) -> None:
        """Put the skill's command into the composer, ready for a text."""
        name = self.list.chosen_key
        if name:
            self.host.show_pane("chat")
            self.host.chat.composer.replace_draft(f"/{name} ")

    def action_view(self) -> None:
        """Read the skill under the cursor."""
        if self.list.chosen_key:
            self._view(self.list.chosen_key)

    @work
    async def _view(self, name: str) -> None:
        text = await self.host.guard(self.host.workspace.skill_page(name))
        if text is not None:
            await self.host.read(name, text)

    def action_switch(self) -> None:
        """Offer the skill under the cursor to the agent, or do not any more."""
        chosen = [skill for skill in self.host.skills if skill.name == self.list.chosen_key]
        if chosen:
            self._switch(chosen[0].name, is_on=chosen[0].state == "off")

    @work
    async def _switch(self, name: str, *, is_on: bool) -> None:
        await self.host.guard(self.host.workspace.set_skill(name, is_on=is_on))
        self.load()


PANES = (
    PaneSpec(
        id="skills",
        title="Skills",
        number=4,
        build=SkillsPane,
        side="left",
        rank=31,
        actions=(
            pane_action("skills", "view", "Read SKILL.md", "f3", footer="read"),
            pane_action("skills", "switch", "Switch on or off", "f5", footer="on/off"),
            pane_action(
                "skills", "choose", "Run with a text", "enter", footer="use", over_fields=False
            ),
        ),
    ),
)
