"""What the palette offers beside actions and commands, read in its own time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hermes_core.errors import HermesError
from hermes_core.storage.records import SessionSummary
from hermes_tui.composing.project_files import ProjectFiles
from hermes_tui.core_link.workspace import ModelInfo, SettingInfo, SkillInfo
from hermes_widgets.fitting import clean
from hermes_widgets.row import Row

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp

KEPT_RECENT = 20
"""Choices that come first next time."""


class PaletteSources:
    """Rows by group. What the disk or the core must be asked for comes a moment later.

    Args:
        host: The program.
    """

    def __init__(self, host: HermesApp) -> None:
        self._host = host
        self._files = ProjectFiles()
        self._late: dict[str, list[Row]] = {}
        self._recent: list[str] = []

    def groups(self) -> dict[str, list[Row]]:
        """Everything known so far."""
        host = self._host
        return {
            "Conversations": session_rows(host.recent),
            "Skills": skill_rows(host.skills),
            **self._late,
        }

    async def read(self) -> None:
        """Ask for models, settings, looks and files; what cannot be read is left out."""
        host = self._host
        if not host.is_ready:
            return
        folder = host.folder
        try:
            models = await host.workspace.models(host.chat.state.runtime)
            settings = await host.workspace.list_settings()
            looks = await asyncio.to_thread(
                lambda: (host.appearance.skins(), host.appearance.themes())
            )
            if not self._files.is_fresh(folder):
                await asyncio.to_thread(self._files.read, folder)
        except (HermesError, OSError) as error:
            host.tell_error(f"The palette is not whole: {error}")
            return
        skins, themes = looks
        self._late = {
            "Models": model_rows(models),
            "Skins": [
                Row(key=f"skin:{name}", text=f"Skin {name}", note=about)
                for name, about in skins.items()
            ],
            "Themes": [
                Row(key=f"theme:{name}", text=f"Theme {name}", note=about)
                for name, about in themes.items()
            ],
            "Settings": setting_rows(settings),
            "Files": [Row(key=f"file:{name}", text=clean(name)) for name in self._files.names],
        }

    def chose(self, key: str) -> None:
        """Remember a choice, so that it comes first next time."""
        if key:
            rest = [known for known in self._recent if known != key]
            self._recent = [key, *rest][:KEPT_RECENT]

    @property
    def recent(self) -> Sequence[str]:
        """Keys of what was chosen, the last first."""
        return self._recent


def session_rows(sessions: Sequence[SessionSummary]) -> list[Row]:
    """Conversations."""
    return [
        Row(key=f"session:{item.id}", text=clean(item.title or item.preview or item.id))
        for item in sessions
    ]


def skill_rows(skills: Sequence[SkillInfo]) -> list[Row]:
    """Skills."""
    return [
        Row(key=f"skill:{skill.name}", text=skill.name, note=clean(skill.description))
        for skill in skills
    ]


def model_rows(models: Sequence[ModelInfo]) -> list[Row]:
    """Models that can be switched to."""
    return [
        Row(
            key=f"model:{info.provider}\n{info.model}",
            text=clean(info.model),
            note=clean(info.label or info.provider),
        )
        for info in models
    ]


def setting_rows(settings: Sequence[SettingInfo]) -> list[Row]:
    """Settings with their values; those with secrets inside are only named."""
    return [
        Row(key=f"setting:{info.key}", text=info.key, note=clean(info.value)) for info in settings
    ]
