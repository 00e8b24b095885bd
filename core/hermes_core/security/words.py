"""Words of a shell command: quotes, escapes, expansions and braces resolved."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")
_CHANGED = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)[:%#/?=+,^@-]")
_NAMED = re.compile(r"\$\{?[!#]?([A-Za-z_][A-Za-z0-9_]*)")
_ANSI_C = re.compile(r"\\(x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|[0-7]{1,3}|c.|.)")
_SIMPLE_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b",
                   "f": "\f", "v": "\v"}  # fmt: skip
_PLAIN_RUN = re.compile(r"[^\\'\"$]+")
_QUOTED_RUN = re.compile(r"[^\\\"$]+")
_BRACES = re.compile(r"\{([^{}\s\"'$`\\]*,[^{}\s\"'$`\\]*)\}")
_MAX_BRACE_WORDS = 64


class Word(Struct, frozen=True):
    """One word as the shell would see it."""

    text: str
    """The value; what could not be resolved stays as it was written."""
    source: str
    """As written."""
    literal: bool = True
    """False if part of the value is known only when the command runs."""
    assigned: bool = False
    """Part of the value comes from a variable the command itself set."""
    variables: tuple[str, ...] = ()
    """Names of the variables it mentions."""
    quoted: bool = False
    """Some of it is quoted, so no plain flag or glob."""


class Hole(Struct, frozen=True):
    """A piece of a word that runs a command; offsets into the word's source."""

    start: int
    end: int


class Variables:
    """What is known about variables while a command is read.

    A variable the command sets twice to different values is unknown from then on.
    """

    def __init__(self, known: Mapping[str, str]) -> None:
        self._known = dict(known)
        self._assigned: dict[str, str | None] = {}

    def assign(self, name: str, value: str | None) -> None:
        """Note an assignment; None for a value only known at run time."""
        if name in self._assigned and self._assigned[name] != value:
            value = None
        self._assigned[name] = value

    def value(self, name: str) -> tuple[str | None, bool]:
        """Return the value, or None, and whether the command set it itself."""
        if name in self._assigned:
            return self._assigned[name], True
        return self._known.get(name), False


class _Reader:
    """Reads one word from its source."""

    def __init__(self, source: str, holes: tuple[Hole, ...], variables: Variables) -> None:
        self.source = source
        self.holes = {hole.start: hole.end for hole in holes}
        self.variables = variables
        self.fields: list[str] = [""]
        self.literal = True
        self.assigned = False
        self.quoted = False
        self.at = 0

    def read(self) -> None:
        while self.at < len(self.source):
            char = self.source[self.at]
            if self._hole():
                continue
            if char == "\\":
                self._escape()
            elif char == "'":
                self._single()
            elif char == '"' or self.source.startswith('$"', self.at):
                self.at += 1 if char == '"' else 2
                self._double()
            elif self.source.startswith("$'", self.at):
                self._ansi_c()
            elif char == "$":
                self._dollar(split=True)
            else:
                self._run(_PLAIN_RUN)

    def _run(self, plain: re.Pattern[str]) -> None:
        """Take plain characters in one go, up to the next hole."""
        stop = min((start for start in self.holes if start > self.at), default=len(self.source))
        match = plain.match(self.source, self.at, stop)
        end = match.end() if match else self.at + 1
        self.fields[-1] += self.source[self.at : end]
        self.at = end

    def _hole(self) -> bool:
        end = self.holes.get(self.at)
        if end is None:
            return False
        self.fields[-1] += self.source[self.at : end]
        self.literal = False
        self.at = max(end, self.at + 1)
        return True

    def _escape(self) -> None:
        following = self.source[self.at + 1 : self.at + 2]
        if following != "\n":
            self.fields[-1] += following
            self.quoted = True
        self.at += 2

    def _single(self) -> None:
        end = self.source.find("'", self.at + 1)
        end = len(self.source) if end < 0 else end
        self.fields[-1] += self.source[self.at + 1 : end]
        self.quoted = True
        self.at = end + 1

    def _double(self) -> None:
        self.quoted = True
        while self.at < len(self.source):
            char = self.source[self.at]
            if self._hole():
                continue
            if char == '"':
                self.at += 1
                return
            if char == "\\" and self.source[self.at + 1 : self.at + 2] in (
                "$",
                "`",
                '"',
                "\\",
                "\n",
            ):
                following = self.source[self.at + 1]
                self.fields[-1] += "" if following == "\n" else following
                self.at += 2
            elif char == "$":
                self._dollar(split=False)
            else:
                self._run(_QUOTED_RUN)

    def _ansi_c(self) -> None:
        end = self.at + 2
        while end < len(self.source) and self.source[end] != "'":
            end += 2 if self.source[end] == "\\" else 1
        self.fields[-1] += _ANSI_C.sub(_ansi_c_escape, self.source[self.at + 2 : end])
        self.quoted = True
        self.at = end + 1

    def _dollar(self, *, split: bool) -> None:
        match = _VARIABLE.match(self.source, self.at)
        if match is None:
            end = self._braced_end()
            changed = _CHANGED.match(self.source, self.at)
            value = self.variables.value(changed[1])[0] if changed else None
            if value is not None:  # `${HOME%/}` and its like: nearly the value itself
                self.literal = False
                self.fields[-1] += value
                self.at = end
                return
            self.literal = self.literal and end == self.at + 1 and not self._special()
            self.fields[-1] += self.source[self.at : end]
            self.at = end
            return
        name = match[1] or match[2]
        value, assigned = self.variables.value(name)
        self.assigned = self.assigned or assigned
        if value is None:
            self.literal = False
            self.fields[-1] += match[0]
        elif split:
            pieces = re.split(r"[ \t\n]+", value)
            self.fields[-1] += pieces[0]
            self.fields += pieces[1:]
        else:
            self.fields[-1] += value
        self.at = match.end()

    def _special(self) -> bool:
        return bool(re.match(r"\$[@*#?$!0-9-]", self.source[self.at : self.at + 2]))

    def _braced_end(self) -> int:
        if not self.source.startswith("${", self.at):
            return self.at + 1
        end = self.source.find("}", self.at)
        return len(self.source) if end < 0 else end + 1


def _ansi_c_escape(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] in "xuU" and len(code) > 1:
        number = int(code[1:], 16)
        return chr(number) if number < 0x110000 else match[0]
    if code[0] in "01234567":
        return chr(int(code, 8) & 0xFF)
    if code[0] == "c" and len(code) == 2:
        return chr(ord(code[1]) & 0x1F)
    return _SIMPLE_ESCAPES.get(code, code)


def read_words(source: str, holes: tuple[Hole, ...], variables: Variables) -> list[Word]:
    """Return the words a piece of source becomes: usually one.

    Braces and unquoted variables can make several; an unquoted variable that is empty
    makes none.
    """
    result: list[Word] = []
    names = tuple(match[1] for match in _NAMED.finditer(source))
    spellings = _brace_words(source) if not holes and "{" in source else [source]
    for spelling in spellings:
        reader = _Reader(spelling, holes, variables)
        reader.read()
        fields = [field for field in reader.fields if field]
        if not fields and reader.quoted:
            fields = [""]
        result += [
            Word(
                text=field,
                source=source,
                literal=reader.literal,
                assigned=reader.assigned,
                variables=names,
                quoted=reader.quoted,
            )
            for field in fields
        ]
    return result


def _brace_words(source: str) -> list[str]:
    """Expand `a{b,c}` outside quotes; what would grow too far stays as it is."""
    if "'" in source or '"' in source or "\\" in source:
        return [source]
    words = [source]
    for _ in range(8):
        grown: list[str] = []
        for word in words:
            match = _BRACES.search(word)
            if match is None or word[max(0, match.start() - 1) : match.start()] == "$":
                grown.append(word)
            else:
                left, right = word[: match.start()], word[match.end() :]
                grown += [left + part + right for part in match[1].split(",")]
        if len(grown) > _MAX_BRACE_WORDS:
            return words
        if grown == words:
            return [word for word in words if word] or [source]
        words = grown
    return words
