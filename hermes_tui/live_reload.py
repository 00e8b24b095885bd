"""Changed files take effect while the program runs: settings, skins, colours, keys."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from hermes_core.commands import SetApprovalMode
from hermes_core.errors import HermesError
from hermes_tui.actions.every_action import every_action
from hermes_tui.field_keys import field_actions
from hermes_tui.keymap import keymap_of
from hermes_tui.watched_places import meant, real, watched_folders

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp

_WATCH_AFTER_S = 1.5
_GROUP_MS, _STEP_MS = 200, 200
"""Changes that follow each other within this time are one; both together stay far below
the half second that a person waits without noticing."""

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
        self.folders: list[Path] = []
        """Those in which one is noticed."""
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
        config = real(host.workspace.home.config_file)
        if config in paths:
            try:
                problem = await host.workspace.reread_settings()
            except (HermesError, OSError) as error:
                problem = str(error)
            self._tell("settings", (problem,) if problem else ())
            if not problem:
                await self.apply()
        if real(host.workspace.home.skills) in paths:
            await host.refresh_lists()
        if any(path.suffix == ".yaml" for path in paths - {config}):
            self._renew()

    async def _watch(self) -> None:
        # measured: 25 ms, wanted only once the conversation stands
        watchfiles = await asyncio.to_thread(__import__, "watchfiles")
        try:
            while True:
                self.folders = self._folders()
                self.is_watching = True
                async for changes in watchfiles.awatch(
                    *self.folders,
                    watch_filter=None,
                    debounce=_GROUP_MS,
                    step=_STEP_MS,
                    rust_timeout=0,  # none: nothing wakes up the program at rest
                    recursive=False,
                ):
                    workspace, paths = self._host.workspace, {Path(path) for _, path in changes}
                    wanted = meant(workspace.home.root, workspace.skill_folders(), paths)
                    if wanted:
                        await self.files_changed(wanted)
                    if self._folders() != self.folders:
                        # what is written before the new folders are watched is seen then
                        self._host.set_timer(_WATCH_AFTER_S, self._host.refresh_lists)
                        break
        except (OSError, RuntimeError) as error:
            self.is_watching = False
            logger.warning("files are not watched: %s", error)
            self._host.tell_error(
                f"Changed files are not noticed: {error}", hint="tui.watch: false hides this"
            )

    def _folders(self) -> list[Path]:
        workspace = self._host.workspace
        return watched_folders(workspace.home.root, workspace.skill_folders())

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

    def tell_look(self) -> None:
        """Say what is wrong with the look that was asked for; it is not told again by itself."""
        self._told.pop("look", None)
        self._tell("look", self._host.appearance.remarks)

    def _tell(self, about: str, remarks: tuple[str, ...]) -> None:
        """Say what is wrong once, as one notice, until it is something else."""
        if remarks and remarks != self._told.get(about):
            self._host.tell_error("\n".join(remarks))
        self._told[about] = remarks
