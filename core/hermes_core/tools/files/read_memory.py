"""What a session knows about the files it has read.

Three things follow from it: an unchanged region is not sent twice, a write over a
file that changed meanwhile is pointed out, and the same call over and over is stopped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from pathlib import Path

from msgspec import Struct

_WARN_AT, _BLOCK_AT = 3, 4


class Returned(Struct, frozen=True):
    """A result the model still has in its context."""

    version: str
    call_id: str


class ReadMemory:
    """One a session, made by the host, found with `ctx.service(ReadMemory)`."""

    def __init__(self) -> None:
        self._versions: dict[Path, str] = {}
        self._returned: dict[tuple[Path, int, int], Returned] = {}
        self._last: tuple[Hashable, str] | None = None
        self._repeats = 0

    # --- for the host --------------------------------------------------------------

    def note_tool(self, name: str) -> None:
        """Tell that a tool runs; any but a reader ends a row of equal calls."""
        if name not in ("read_file", "search_files"):
            self._last = None

    def forget_returned(self) -> None:
        """The context was compressed or taken back: send regions again when asked."""
        self._returned.clear()
        self._last = None

    def forget_call(self, call_id: str) -> None:
        """The result of one call left the context, e.g. it was spilled to a file."""
        self._returned = {
            region: returned
            for region, returned in self._returned.items()
            if returned.call_id != call_id
        }

    # --- for the file tools --------------------------------------------------------

    def version(self, path: Path) -> str | None:
        """The version of the file last seen here, if any."""
        return self._versions.get(path)

    def saw(self, path: Path, version: str) -> None:
        """Remember the version just read or written."""
        self._versions[path] = version

    def forget(self, path: Path) -> None:
        """The file is gone or moved."""
        self._versions.pop(path, None)

    def returned(self, path: Path, offset: int, limit: int, *, version: str) -> bool:
        """Whether this very region in this version is still in the model's context."""
        known = self._returned.get((path, offset, limit))
        return known is not None and known.version == version

    def remember(self, path: Path, offset: int, limit: int, version: str, call_id: str) -> None:
        """The region was sent in the result of `call_id`."""
        self._returned[path, offset, limit] = Returned(version, call_id)

    def repeats(self, call: Hashable, version: str) -> int:
        """Count how often the same call with the same outcome came in a row, this one too."""
        if self._last == (call, version):
            self._repeats += 1
        else:
            self._last, self._repeats = (call, version), 1
        return self._repeats


class ScriptReadMemory(ReadMemory):
    """For scripts that read files themselves: knows versions, never holds content back."""

    def returned(self, path: Path, offset: int, limit: int, *, version: str) -> bool:
        """Never: a script has no context to look back at."""
        return False

    def repeats(self, call: Hashable, version: str) -> int:
        """Always the first time: loops in scripts are meant."""
        return 1


def content_version(data: bytes) -> str:
    """Name the content of a file."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def warns(repeats: int) -> bool:
    """Whether the model should be told that it repeats itself."""
    return repeats == _WARN_AT


def blocks(repeats: int) -> bool:
    """Whether the call is refused."""
    return repeats >= _BLOCK_AT
