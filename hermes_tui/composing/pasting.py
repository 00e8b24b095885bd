"""Pasting into the composer, and the files that go with what is sent."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hermes_core.messages import Attachment
from hermes_tui.composing.attached_files import picture_at, save_paste, save_picture
from hermes_tui.terminal.clipboard import paste_locally
from hermes_tui.terminal.clipboard_image import Found, clipboard_image, surroundings
from hermes_tui.terminal.wrapping import is_remote

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp

logger = logging.getLogger(__name__)


async def _look(environ: Mapping[str, str]) -> Found:
    return await clipboard_image(await asyncio.to_thread(surroundings, environ))


class Pasting:
    """What Ctrl+V, an empty paste and `/paste` bring.

    Args:
        host: The program.
        picture: Looks for a picture in the clipboard.
        text: Reads the text in the clipboard; blocks.
        environ: Of the process.
    """

    def __init__(
        self,
        host: HermesApp,
        *,
        picture: Callable[[Mapping[str, str]], Awaitable[Found]] = _look,
        text: Callable[[], str] = paste_locally,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._host = host
        self._picture = picture
        self._text = text
        self._environ = os.environ if environ is None else environ

    async def paste(self) -> None:
        """Attach the picture of the clipboard, or put in its text."""
        found = await self._picture(self._environ)
        if found.data:
            await self._attach(found.data)
            return
        # Of a far machine's clipboard we know only what was copied in here.
        far = is_remote(self._environ)
        text = "" if far else await asyncio.to_thread(self._text)
        text = text or self._host.clipboard
        if text:
            self._host.chat.composer.area.take_paste(text)
        else:
            self._host.notify(found.reason or "The clipboard is empty", markup=False)

    async def paste_picture(self) -> None:
        """Attach the picture of the clipboard; without one say why."""
        found = await self._picture(self._environ)
        if found.data:
            await self._attach(found.data)
        else:
            self._host.tell_error(found.reason)

    async def attach_path(self, path: str) -> None:
        """Attach the picture at a path as it was typed."""
        found = await asyncio.to_thread(picture_at, path, self._host.folder)
        if found is None:
            self._host.tell_error(
                f"There is no picture {path}", hint="PNG, JPEG, GIF and WebP can be looked at"
            )
        else:
            self._host.chat.composer.attach(found)

    async def _attach(self, data: bytes) -> None:
        folder = self._host.workspace.home.images
        now = datetime.now(UTC).astimezone()
        try:
            path = await asyncio.to_thread(save_picture, data, folder, now)
        except OSError as error:
            self._host.tell_error(f"The picture cannot be kept: {error.strerror}")
            return
        composer = self._host.chat.composer
        composer.attach(Attachment(path=str(path), media_type="image/png"))
        composer.focus_field()

    def keep(self, number: int, text: str) -> None:
        """Keep a folded paste in a file: a crash must not cost what somebody typed."""
        if self._host.is_ready:
            self._host.run_worker(self._keep(number, text))

    async def _keep(self, number: int, text: str) -> None:
        folder: Path = self._host.workspace.home.pastes
        now = datetime.now(UTC).astimezone()
        try:
            await asyncio.to_thread(save_paste, text, folder, number, now)
        except OSError as error:
            logger.warning("a paste is not kept: %s", error)
