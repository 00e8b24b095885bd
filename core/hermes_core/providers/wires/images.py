"""Pictures of user messages, read and encoded before a request is built."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from hermes_core.messages import Attachment, Message

_log = logging.getLogger(__name__)

MAX_IMAGE_BYTES = 20 * 1024 * 1024
"""The largest file the services accept."""
SUPPORTED = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})

Images: TypeAlias = Mapping[str, str]
"""Base64 text by path. A picture that is gone or too large is missing."""


def images_of(message: Message) -> list[Attachment]:
    """The attachments a model can look at."""
    return [one for one in message.attachments if one.media_type in SUPPORTED]


async def load_images(messages: Iterable[Message]) -> Images:
    """Read all pictures of a history in a thread."""
    paths = {one.path for message in messages for one in images_of(message)}
    return await asyncio.to_thread(_read_all, sorted(paths)) if paths else {}


def _read_all(paths: Iterable[str]) -> Images:
    found: dict[str, str] = {}
    for path in paths:
        try:
            if Path(path).stat().st_size <= MAX_IMAGE_BYTES:
                found[path] = base64.b64encode(Path(path).read_bytes()).decode("ascii")
        except OSError as error:
            _log.warning("picture %s cannot be read: %s", path, error)
    return found


def missing_text(attachment: Attachment) -> str:
    """What stands in for a picture that is not there any more."""
    return f"[picture {Path(attachment.path).name} is not available]"
