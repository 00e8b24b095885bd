"""The `.env` file: read into a mapping of its own, never into the process."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field

_ASSIGNMENT = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$")
_JOINED = re.compile(r"(?<=[^\s=_A-Z0-9])(?=[A-Z][A-Z0-9]*_(?:API_KEY|TOKEN|BASE_URL)=)")


class EnvFile(Struct, frozen=True):
    """What a `.env` file says, and what in it could not be understood."""

    values: Mapping[str, str] = field(default_factory=dict)
    bad_lines: tuple[int, ...] = ()

    @classmethod
    def read(cls, path: Path) -> EnvFile:
        """Read the file; a missing one is empty.

        Bytes that are not UTF-8 are read as Latin-1. Two assignments joined on
        one line are taken apart.

        Raises:
            OSError: The file is there and cannot be read.
        """
        return cls.parse(env_text(path))

    @classmethod
    def parse(cls, text: str) -> EnvFile:
        """Read `KEY=value` lines; the last of several wins."""
        values: dict[str, str] = {}
        bad: list[int] = []
        for number, line in enumerate(text.splitlines(), start=1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            for part in _JOINED.split(line):
                match = _ASSIGNMENT.match(part)
                if match:
                    values[match[1]] = unquoted(match[2])
                else:
                    bad.append(number)
        return cls(values, tuple(bad))


def env_text(path: Path) -> str:
    """Return the text of the file, empty if it is missing; Latin-1 if it is not UTF-8.

    Raises:
        OSError: The file is there and cannot be read.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return ""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def unquoted(value: str) -> str:
    """Return a value without its quotes, or without a comment behind it."""
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return re.sub(r'\\(["\\$])', r"\1", value[1:-1])
    if len(value) >= 2 and value[0] == value[-1] == "'":
        return value[1:-1]
    return re.split(r"\s+#", value, maxsplit=1)[0]


def quoted(value: str) -> str:
    """Return a value as it is written to the file.

    Raises:
        ValueError: The value has a line break, which the format cannot hold.
    """
    if "\n" in value or "\r" in value:
        raise ValueError("a value in .env cannot hold a line break")
    if re.fullmatch(r"[A-Za-z0-9_./:@%+,=~-]*", value):
        return value
    return '"' + re.sub(r'(["\\$])', r"\\\1", value) + '"'
