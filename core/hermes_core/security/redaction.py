"""Masks secrets in text, once, where a tool's result is made and where logs are written.

`Redactor.redact` serves tool results and logs. `Redactor.redact_for_file_tool` serves
text that may be written back: it masks less, and what it masks becomes a sentinel no
writer accepts (`contains_sentinel`). `LineRedactor` serves live output in chunks.

Sources: terminal-security, "Redaction"; tools, "Redaction must not corrupt files".
"""

from __future__ import annotations

import base64
import re
from bisect import bisect
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from msgspec import Struct

from hermes_core.security.secret_shapes import SHAPES, Shape, looks_random, names_a_secret

KEY_BLOCK = "[REDACTED PRIVATE KEY]"
"""What a private key block becomes."""

_SENTINEL = "«redacted:"
_MIN_KNOWN_CHARS = 8
_COLOUR_END = re.compile(r"\x1b\[[0-9;:]*m$")
_NAME_END = re.compile(r"[A-Za-z0-9_]*$")
_PLAIN_WORDS = frozenset({"true", "false", "none", "null", "yes", "no", "on", "off", "***"})
_MASKED_VALUE = re.compile(r"\s*=\s*[\"']?(?:\*\*\*|[^\s\"'=.]{6}\.\.\.[^\s\"'.]{4})[\"']?\s*$")
_MASKED_ALREADY = re.compile(r"\S{6}\.\.\.\S{4}|\*{3}")
_ASSIGNED_NAME = re.compile(r"^\s*(?:export\s+)?[\"']?([A-Za-z_][A-Za-z0-9_]*)[\"']?(?=\s*=)")


def mask(secret: str) -> str:
    """Return `***`, or the first 6 and last 4 characters from 18 characters on."""
    return "***" if len(secret) < 18 else f"{secret[:6]}...{secret[-4:]}"


class Span(Struct, frozen=True):
    """One piece of text to replace."""

    context: int
    """Where the match begins, at or before `start`."""
    start: int
    end: int
    shown: str


class Redactor:
    """Masks by shape and by value.

    Args:
        known_secrets: Values of this process (from `.env`, logins, key pools) to mask
            wherever they show, also in base64 and percent-encoded. Shorter than 8
            characters are left out: they would mask ordinary words.
        enabled: False returns every text as it is. Read once at start; nothing a
            command does later changes it.
    """

    def __init__(self, known_secrets: Iterable[str] = (), *, enabled: bool = True) -> None:
        self.enabled = enabled
        self._known = sorted(
            {form for value in known_secrets for form in _encoded_forms(value)},
            key=len,
            reverse=True,
        )

    def learn(self, secret: str) -> None:
        """Mask one more value from now on, as those known at the start."""
        forms = {*self._known, *_encoded_forms(secret)}
        self._known = sorted(forms, key=len, reverse=True)

    def redact(self, text: str) -> str:
        """Return `text` with every secret masked."""
        return _replaced(text, self.spans(text)) if self.enabled else text

    def redact_for_file_tool(self, text: str) -> tuple[str, bool]:
        """Return `text` with strong credential shapes as sentinels, and whether any was."""
        if not self.enabled:
            return text, False
        spans = _merged(self._found(text, strong_only=True))
        if not spans:
            return text, False
        marks = [
            Span(s.context, s.start, s.end, _sentinel(text[s.start : s.end], s.shown))
            for s in spans
        ]
        return _replaced(text, marks), True

    def spans(self, text: str) -> list[Span]:
        """Return what `redact` would replace, in order, without overlaps."""
        return _merged(self._found(text, strong_only=False))

    def _found(self, text: str, *, strong_only: bool) -> Iterator[Span]:
        for value in self._known:
            at = text.find(value)
            while at >= 0:
                yield Span(at, at, at + len(value), "***")
                at = text.find(value, at + len(value))
        lowered = text.lower()
        for shape in SHAPES:
            if strong_only and not shape.strong:
                continue
            if any(literal in lowered for literal in shape.literals):
                yield from _matches(shape, text)


class LineRedactor:
    """Redacts live output that arrives in chunks.

    An unfinished line is held back until it ends, so that a secret cut in two never
    escapes; of a line longer than `limit_chars` everything but its tail goes out. An
    open private key block is held until it ends.

    Args:
        redactor: Whose rules to use.
        limit_chars: How much of one line to hold, at least 2,048.
    """

    _TAIL_CHARS = 1024

    def __init__(self, redactor: Redactor, *, limit_chars: int = 8192) -> None:
        self._redactor = redactor
        self._limit_chars = max(limit_chars, 2 * self._TAIL_CHARS)
        self._held = ""

    def feed(self, chunk: str) -> str:
        """Take the next chunk; return what may be shown now, possibly nothing."""
        if not self._redactor.enabled:
            return chunk
        self._held += chunk
        cut = max(self._held.rfind("\n"), self._held.rfind("\r")) + 1
        if len(self._held) - cut > self._limit_chars:
            cut = len(self._held) - self._TAIL_CHARS
        return self._release(cut)

    def flush(self) -> str:
        """Return what is still held; the output has ended."""
        rest, self._held = self._held, ""
        return self._redactor.redact(rest)

    def _release(self, cut: int) -> str:
        if cut == 0:
            return ""
        spans = self._redactor.spans(self._held)
        # A match that touches the cut may still grow: a key block, a value after its name.
        for span in reversed(spans):
            if span.context < cut <= span.end and (
                span.end > cut
                or (span.shown == KEY_BLOCK and "-----END" not in self._tail_of(span))
            ):
                cut = span.context
        # A key block nobody closes must not hold the output for ever.
        if cut == 0 and len(self._held) > 8 * self._limit_chars:
            cut = len(self._held)
        ready, self._held = self._held[:cut], self._held[cut:]
        return _replaced(ready, [span for span in spans if span.end <= cut])

    def _tail_of(self, span: Span) -> str:
        return self._held[max(span.start + 5, span.end - 64) : span.end]


_DEFAULT = Redactor()


def redact(text: str) -> str:
    """Mask by shape alone, as `Redactor().redact` does."""
    return _DEFAULT.redact(text)


def redact_for_file_tool(text: str) -> tuple[str, bool]:
    """Mask by shape alone, as `Redactor().redact_for_file_tool` does."""
    return _DEFAULT.redact_for_file_tool(text)


def contains_sentinel(text: str, *, stored: str = "") -> bool:
    """Whether writing `text` would replace a secret by its mask.

    True for a sentinel of `redact_for_file_tool`, and for a line `NAME=***` (or
    `NAME=abcdef...wxyz`) of a name that holds a secret.

    Args:
        text: What is to be written.
        stored: What the file holds now; masked lines already in it are fine.
    """
    if _SENTINEL in text:
        return True
    if "***" not in text and "..." not in text:
        return False
    before = set(stored.splitlines())
    return any(line not in before and _assigns_a_mask(line) for line in text.splitlines())


def _assigns_a_mask(line: str) -> bool:
    name = _ASSIGNED_NAME.match(line)
    return bool(name and names_a_secret(name[1]) and _MASKED_VALUE.match(line, name.end()))


def _sentinel(secret: str, shown: str) -> str:
    kept = "" if shown in (KEY_BLOCK, "***") else secret[: min(4, len(secret) // 4)]
    return f"{_SENTINEL}{kept}…»"


def _matches(shape: Shape, text: str) -> Iterator[Span]:
    for match in shape.pattern.finditer(text):
        start, end = match.span("secret")
        context = match.start()
        if shape.bare and not _starts_a_word(text, start):
            continue
        secret = match["secret"]
        if _MASKED_ALREADY.fullmatch(secret):
            continue
        if shape.weak_prefix and not looks_random(secret[len(shape.name) :]):
            continue
        if shape.name == "assignment":
            name_at = _NAME_END.search(text[max(0, context - 80) : context])
            context -= len(name_at[0]) if name_at else 0
            start, end, secret = _unquoted(start, end, secret)
            if not _is_secret_assignment(text[context : match.end()], secret, text[end : end + 1]):
                continue
        yield Span(context, start, end, _shown(shape, secret))


def _starts_a_word(text: str, start: int) -> bool:
    if start == 0:
        return True
    before = text[start - 1]
    if not (before.isascii() and (before.isalnum() or before in "_-")):
        return True
    return before == "m" and _COLOUR_END.search(text[max(0, start - 24) : start]) is not None


def _unquoted(start: int, end: int, secret: str) -> tuple[int, int, str]:
    if len(secret) >= 2 and secret[0] in "\"'" and secret[-1] == secret[0]:
        return start + 1, end - 1, secret[1:-1]
    return start, end, secret


def _is_secret_assignment(whole: str, value: str, following: str) -> bool:
    name = re.split(r"\s*=", whole, maxsplit=1)[0]
    if not names_a_secret(name) or value.lower() in _PLAIN_WORDS or value[:1] in "$<=*%":
        return False
    if value.startswith("«") or "..." in value:
        return False
    if value.isdigit():
        return "PASS" in name.upper() or len(value) > 12
    if name != name.upper():  # code is full of lower-case names: only literals count there
        return (
            len(value) >= 16
            and following not in ("(", "[", ".")
            and re.fullmatch(r"[A-Za-z0-9+/=_~-]+", value) is not None
            and looks_random(value.replace("/", "-").replace("+", "-"))
        )
    return following != "("


def _shown(shape: Shape, secret: str) -> str:
    match shape.treatment:
        case "token" | "value":
            return mask(secret)
        case "hidden":
            return "***"
        case "pem":
            return KEY_BLOCK
        case "phone":
            if len(secret) + 1 <= 8:
                return f"{secret[:1]}****{secret[-2:]}"
            return f"{secret[:3]}****{secret[-4:]}"


def _merged(found: Iterable[Span]) -> list[Span]:
    """Drop what overlaps something found by an earlier, more specific rule."""
    kept: list[Span] = []
    for span in found:
        at = bisect(kept, span.start, key=_start)
        clear_left = at == 0 or kept[at - 1].end <= span.start
        clear_right = at == len(kept) or span.end <= kept[at].start
        if clear_left and clear_right:
            kept.insert(at, span)
    return kept


def _start(span: Span) -> int:
    return span.start


def _replaced(text: str, spans: Iterable[Span]) -> str:
    parts: list[str] = []
    at = 0
    for span in spans:
        parts += (text[at : span.start], span.shown)
        at = span.end
    parts.append(text[at:])
    return "".join(parts)


def _encoded_forms(value: str) -> Iterator[str]:
    value = value.strip()
    if len(value) < _MIN_KNOWN_CHARS or value.lower() in _PLAIN_WORDS:
        return
    yield value
    yield quote(value, safe="")
    raw = value.encode()
    yield base64.b64encode(raw).decode().rstrip("=")
    for shift in range(3):  # the three ways a value can sit inside longer base64 text
        encoded = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
        lead = (0, 2, 3)[shift]
        core = encoded[lead : len(encoded) - (1 if (len(raw) + shift) % 3 else 0)]
        if len(core) >= _MIN_KNOWN_CHARS:
            yield core
            yield core.replace("+", "-").replace("/", "_")
