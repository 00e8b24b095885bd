"""Files that go with a message: named by path, dropped on the terminal, or pasted."""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from hermes_core.messages import Attachment
from hermes_core.paths import expanded

IMAGE_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}
"""Pictures a model can look at, by the end of their name."""

_FIRST = re.compile(
    r"""\s*(?:"(?P<double>[^"\n]+)"|'(?P<single>[^'\n]+)'|(?P<plain>(?:\\.|[^\s\\])+))"""
)


class Attached(Struct, frozen=True):
    """A message with what was named at its beginning taken out."""

    text: str
    pictures: tuple[Attachment, ...] = ()


def picture_at(path: str, folder: Path) -> Attachment | None:
    """Return the picture at a path as it was typed, None if it is none. Blocking."""
    full = _full(path, folder)
    media_type = IMAGE_TYPES.get(full.suffix.lower())
    return Attachment(path=str(full), media_type=media_type) if media_type and _is(full) else None


def with_leading_files(text: str, folder: Path) -> Attached:
    """Take the files that a message begins with out of it. Blocking.

    A terminal puts the path of a dropped file there: quoted, with escaped spaces, or as
    a `file://` address. Pictures are attached; other files are named in words. A first
    word counts as a path only with a slash, a `~` or quotes, and only if it is there.

    Args:
        text: As it was typed.
        folder: Where relative paths start.
    """
    pictures: list[Attachment] = []
    named: list[str] = []
    rest = text
    while (found := _FIRST.match(rest)) is not None:
        path = _path_of(found)
        full = _full(path, folder) if path else None
        if full is None or not _is(full):
            break
        media_type = IMAGE_TYPES.get(full.suffix.lower())
        if media_type:
            pictures.append(Attachment(path=str(full), media_type=media_type))
        else:
            named.append(f"[User attached file: {full}]")
        rest = rest[found.end() :]
    if not pictures and not named:
        return Attached(text)
    return Attached("\n".join([*named, rest.strip()]).strip(), tuple(pictures))


def _path_of(found: re.Match[str]) -> str:
    """Return the path a first word names, empty if it does not read like one."""
    quoted = found["double"] or found["single"]
    path = quoted or re.sub(r"\\(.)", r"\1", found["plain"])
    if path.startswith("file://"):
        return unquote(urlsplit(path).path)
    return path if quoted or "/" in path or path.startswith("~") else ""


def _full(path: str, folder: Path) -> Path:
    return Path(os.path.normpath(folder / expanded(path)))


def _is(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False  # a name too long, or with a zero in it


def save_picture(data: bytes, folder: Path, now: datetime) -> Path:
    """Keep a pasted picture, readable by its owner alone. Blocking.

    Raises:
        OSError: It cannot be written.
    """
    return _save(data, folder, f"clip_{now:%Y%m%d_%H%M%S}", ".png")


def save_paste(text: str, folder: Path, number: int, now: datetime) -> Path:
    """Keep a long pasted text, readable by its owner alone. Blocking.

    Raises:
        OSError: It cannot be written.
    """
    return _save(text.encode("utf-8", "replace"), folder, f"paste_{number}_{now:%H%M%S}", ".txt")


def _save(data: bytes, folder: Path, stem: str, suffix: str) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    number = 0
    while True:
        number += 1
        path = folder / f"{stem}{'' if number == 1 else f'_{number}'}{suffix}"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        return path
