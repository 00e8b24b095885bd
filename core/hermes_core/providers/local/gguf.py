"""What a model file says about itself: the header of a GGUF file.

Source: the GGUF specification (version 2 and 3, little-endian).
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import msgspec

from hermes_core.errors import ConfigError

_MAGIC = b"GGUF"
_TEXT, _LIST = 8, 9
_FORMATS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
_MAX_ENTRIES = 10_000


class ModelFile(msgspec.Struct, frozen=True, kw_only=True):
    """Facts about a model file."""

    path: str
    name: str = ""
    architecture: str = ""
    window: int = 0
    """Context size the model was made for, in tokens; 0: not said."""
    template: str = ""
    """How messages become a prompt, in Jinja; empty: not said."""

    @property
    def knows_tools(self) -> bool:
        """Whether the template has a place for tools."""
        return "tools" in self.template


def read_model_file(path: Path) -> ModelFile:
    """Read the header; what was read once is kept as long as the file is the same.

    Takes about 50 ms, for the vocabulary stands before the template.

    Raises:
        ConfigError: No such file, not a GGUF file, or it ends too early.
    """
    return _read(path, *_stamp(path))


def window_of_file(path: Path) -> int:
    """Return the context size alone, which takes no time; 0: not said.

    Raises:
        ConfigError: As `read_model_file`.
    """
    return _read_window(path, *_stamp(path))


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
        is_file = path.is_file()
    except OSError as error:
        raise _no_file(path, error.strerror or str(error)) from error
    if not is_file:
        raise _no_file(path, "it is not a file")
    return status.st_mtime_ns, status.st_size


def _no_file(path: Path, why: str) -> ConfigError:
    return ConfigError(
        f"The model file {path} cannot be read: {why}.",
        hint="Name the path of a GGUF file: `--provider local --model /path/to/model.gguf`.",
    )


@lru_cache(maxsize=32)
def _read(path: Path, mtime: int, size: int) -> ModelFile:
    found = {key: value for key, value in _entries(path, size) if value is not None}
    architecture = str(found.get("general.architecture", ""))
    window = found.get(f"{architecture}.context_length", 0)
    return ModelFile(
        path=str(path),
        name=str(found.get("general.name", "")),
        architecture=architecture,
        window=window if isinstance(window, int) else 0,
        template=str(found.get("tokenizer.chat_template", "")),
    )


@lru_cache(maxsize=32)
def _read_window(path: Path, mtime: int, size: int) -> int:
    for key, value in _entries(path, size):
        if key.endswith(".context_length") and isinstance(value, int):
            return value
    return 0


def _entries(path: Path, size: int) -> Iterator[tuple[str, str | int | float | None]]:
    """Yield the entries of the header in their order; of a list the key alone."""
    if size < 24:
        raise _no_file(path, "it is not a GGUF file")
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if data[:4] != _MAGIC:
                raise _no_file(path, "it is not a GGUF file")
            version, _, count = struct.unpack_from("<IQQ", data, 4)
            if version not in (2, 3) or count > _MAX_ENTRIES:
                raise _no_file(path, f"version {version} of the format is not known")
            yield from _Header(data).entries(count)
    except (struct.error, UnicodeDecodeError, KeyError, IndexError) as error:
        raise _no_file(path, "its header is damaged") from error
    except OSError as error:
        raise _no_file(path, error.strerror or str(error)) from error


class _Header:
    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = 24

    def entries(self, count: int) -> Iterator[tuple[str, str | int | float | None]]:
        for _ in range(count):
            key = self._text()
            yield key, self._value(self._number("I"))

    def _value(self, kind: int) -> str | int | float | None:
        if kind == _TEXT:
            return self._text()
        if kind != _LIST:
            return self._number(_FORMATS[kind])
        inner, length = self._number("I"), self._number("Q")
        if inner != _TEXT:
            self._skip(length * struct.calcsize("<" + _FORMATS[inner]))
            return None
        for _ in range(length):
            self._skip(self._number("Q"))
        return None

    def _text(self) -> str:
        start, length = self._at + 8, self._number("Q")
        self._skip(length)
        return self._data[start : start + length].decode()

    def _skip(self, count: int) -> None:
        self._at += count
        if self._at > len(self._data):
            raise IndexError("the file ends in the middle of its header")

    def _number(self, form: str) -> int:
        (value,) = struct.unpack_from("<" + form, self._data, self._at)
        self._at += struct.calcsize("<" + form)
        return value  # type: ignore[no-any-return]  # struct says Any
