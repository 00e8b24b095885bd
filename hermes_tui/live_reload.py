"""Changed files take effect while the program runs: settings, skins, colours, keys."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from hermes_core.commands import SetApprovalMode
from hermes_core.errors import HermesError
from hermes_tui.actions.every_action import every_action
from hermes_tui.field_keys import field_actions
from hermes_tui.keymap import keymap_of

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp

_WATCH_AFTER_S = 1.5
_GROUP_MS, _STEP_MS = 200, 200
"""Changes that follow each other within this time are one; both together stay far below
the half second that a person waits without noticing."""
_MOST_SKILL_FOLDERS = 500
_LOOKS = ("skins", "themes")

logger = logging.getLogger(__name__)


class LiveReload:
    """Watches the home and brings what changed into the screen.

    A file with a mistake changes nothing and is told once.

    Args:
        host: The program.
    """

    def __init__(self, host: HermesApp) -> None:
        self._host = host
        self._skin = self._theme = ""
        self.is_watching = False
        """Whether a change is noticed from now on."""
        self._told: dict[str, tuple[str, ...]] = {}

    def start(self) -> None:
        """Take the keys that are written and begin to watch; the settings are read."""
        self._skin, self._theme = self._chosen("display.skin"), self._chosen("tui.theme")
        self._take_keys()
        if self._host.workspace.setting("tui.watch"):
            # after the first conversation is drawn: loading the watcher would be in its way
            self._host.set_timer(_WATCH_AFTER_S, self._begin)

    def _begin(self) -> None:
        self._host.run_worker(self._watch(), group="watch", exclusive=True)

    async def apply(self) -> None:
        """Bring the settings in use into the screen: looks, approvals, keys and the rest."""
        host = self._host
        host.chosen.follow()
        skin, theme = self._chosen("display.skin"), self._chosen("tui.theme")
        self._renew(
            skin=skin if skin != self._skin else "", theme=theme if theme != self._theme else ""
        )
        self._skin, self._theme = skin, theme
        self._take_keys()
        await self._take_approvals()
        host.refresh_all()

    async def files_changed(self, paths: set[Path]) -> None:
        """Read again what lies at these paths."""
        host = self._host
        config = _real(host.workspace.home.config_file)
        if config in paths:
            try:
                problem = await host.workspace.reread_settings()
            except (HermesError, OSError) as error:
                problem = str(error)
            self._tell("settings", (problem,) if problem else ())
            if not problem:
                await self.apply()
        if _real(host.workspace.home.skills) in paths:
            await host.refresh_lists()
        if any(path.suffix == ".yaml" for path in paths - {config}):
            self._renew()

    async def _watch(self) -> None:
        # measured: 25 ms, wanted only once the conversation stands
        watchfiles = await asyncio.to_thread(__import__, "watchfiles")
        root = self._host.workspace.home.root
        try:
            while True:
                folders = watched_folders(root)
                self.is_watching = True
                async for changes in watchfiles.awatch(
                    *folders,
                    watch_filter=None,
                    debounce=_GROUP_MS,
                    step=_STEP_MS,
                    rust_timeout=0,  # none: nothing wakes up the program at rest
                    recursive=False,
                ):
                    wanted = _wanted(root, {Path(path) for _change, path in changes})
                    if wanted:
                        await self.files_changed(wanted)
                    if watched_folders(root) != folders:
                        # what is written before the new folders are watched is seen then
                        self._host.set_timer(_WATCH_AFTER_S, self._host.refresh_lists)
                        break
        except (OSError, RuntimeError) as error:
            self.is_watching = False
            logger.warning("files are not watched: %s", error)
            self._host.tell_error(
                f"Changed files are not noticed: {error}", hint="tui.watch: false hides this"
            )

    def _chosen(self, key: str) -> str:
        return str(self._host.workspace.setting(key) or "")

    def _renew(self, *, skin: str = "", theme: str = "") -> None:
        self._host.appearance.renew(skin=skin.lower(), theme=theme.lower())
        self._tell("look", self._host.appearance.remarks)

    def _take_keys(self) -> None:
        host = self._host
        written = host.workspace.setting("tui.keymap")
        actions = [*every_action(), *field_actions()]
        keymap = keymap_of(written if isinstance(written, Mapping) else {}, actions)
        if keymap.changed != host.keymap.changed:
            host.use_keymap(keymap)
        self._tell("keys", keymap.remarks)

    async def _take_approvals(self) -> None:
        """Give open conversations a mode that was changed in the settings."""
        host = self._host
        before, host.start_info = host.start_info, host.workspace.start_info()
        mode = host.start_info.approval_mode
        if mode == before.approval_mode:
            return
        command = SetApprovalMode(
            mode=cast(Literal["manual", "smart", "off"], mode), client="screen"
        )
        for pane in host.open_panes():
            reply = await pane.send(command)
            if reply.ok:
                pane.state.approval_mode = mode
            else:
                host.tell_error(reply.text or reply.code)

    def _tell(self, about: str, remarks: tuple[str, ...]) -> None:
        """Say what is wrong once, as one notice, until it is something else."""
        if remarks and remarks != self._told.get(about):
            self._host.tell_error("\n".join(remarks))
        self._told[about] = remarks


def _real(path: Path) -> Path:
    return path.resolve()


def watched_folders(root: Path) -> list[Path]:
    """What is watched: folders, since editors put new files in place of old ones."""
    found = [_real(root), _real(root / "config.yaml").parent]
    for name in _LOOKS:
        folder = root / name
        if folder.is_dir():
            found.append(_real(folder))
            found += [_real(path).parent for path in folder.glob("*.yaml")]
    return sorted({folder for folder in [*found, *_skill_folders(root)] if folder.is_dir()})


def _skill_folders(root: Path) -> list[Path]:
    """Where skills lie; hidden folders are none of theirs."""
    top = root / "skills"
    found = [top]
    for folder, names, _files in os.walk(top, followlinks=False):
        names[:] = [name for name in sorted(names) if not name.startswith(".")]
        found += [Path(folder, name) for name in names]
        if len(found) > _MOST_SKILL_FOLDERS:
            break
    return [_real(folder) for folder in found]


def _wanted(root: Path, changed: set[Path]) -> set[Path]:
    """Of the paths that changed those that are settings or looks.

    The folder of skills stands for whatever changed in it.
    """
    config = _real(root / "config.yaml")
    looks = {_real(path) for name in _LOOKS for path in (root / name).glob("*.yaml")}
    folders = {_real(root / name) for name in _LOOKS}
    found = {path for path in changed if path in looks}
    found |= {path for path in changed if path.parent in folders and path.suffix == ".yaml"}
    if config in changed or _real(root) / "config.yaml" in changed:
        found.add(config)
    skills = _real(root / "skills")
    if any(path.is_relative_to(skills) for path in changed):
        found.add(skills)
    return found
