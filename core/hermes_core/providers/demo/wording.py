"""Polite words, quotes and paths in what a person types."""

from __future__ import annotations

import re

from msgspec import Struct

_BEFORE = re.compile(
    r"""(?:\s|,|hey|hi|hello|ok|okay|so|well|now|then|and|please|pls|kindly|hermes|just|quickly|first|next
      |(?:can|could|would|will)\s+you(?:\s+please)?(?=\s+\w+\s+\S)(?!\s+(?:do|help)\b)|(?:i\s+want|i'd\s+like|i\s+would\s+like|i\s+need)\s+you\s+to
      |(?:can|could|may)\s+(?:i|we)(?=\s+(?:please\s+)?(?:see|have\s+a\s+look)\b)
      |(?:i\s+want|i'd\s+like|i\s+would\s+like|i\s+need|we\s+need)\s+to(?=\s+see\b)
      |let'?s|go\s+ahead\s+and|would\s+you\s+mind|do\s+you\s+mind|help\s+me(?:\s+to)?(?=\s+\S))(?=[\s,:]|$)[\s,]*""",
    re.IGNORECASE | re.VERBOSE,
)
_AFTER = re.compile(
    r"(?:[\s,]*(?:\bplease|\bpls|\bfor\s+(?:me|us)(?:\s+please)?|\bthanks?(?:\s+you)?|\bthx|\bright\s+now|\bnow|\bquickly|\bwould\s+you|\bwill\s+you|\bcan\s+you|\bok\?))+\s*$",
    re.IGNORECASE,
)
_AFTER_CHARS = 80
_QUOTED = re.compile(
    r"(?P<q>[\"'`])(?P<text>.*)(?P=q)|“(?P<curly>.*)”|```(?:\w*\n)?(?P<block>.*?)```", re.DOTALL
)
_NAMES = {
    "readme",
    "license",
    "licence",
    "makefile",
    "dockerfile",
    "changelog",
    "authors",
    "contributing",
    "procfile",
    "gemfile",
    "justfile",
    "notice",
    "todo",
}
_EXTENSION = re.compile(r"[^/]*[A-Za-z0-9_\-)\]]\.[A-Za-z][A-Za-z0-9]{0,9}")
_DOTFILE = re.compile(r"(?:\S*/)?\.[A-Za-z][\w.-]*")

_VAGUE = re.compile(
    r"(?:a|an|some|me|my|your|our|the|something|anything|whatever|it|this|that|them|down|about|how"
    r"|why)\b",
    re.IGNORECASE,
)
_INVENTED = re.compile(
    r"\b(?:tests?|poems?|stor(?:y|ies)|essays?|scripts?|functions?|class(?:es)?|programs?|code|"
    r"summar(?:y|ies)|docs|documentation|haikus?|letters?|e-?mails?|reports?|jokes?|songs?|articles?)"
    r"\s+(?:for|about|that|which|of|to|on|in)\b",
    re.IGNORECASE,
)

FOLDER_HERE = (
    r"(?:(?:right\s+)?here|around(?:\s+here)?|there|(?:in|of|inside|under|within|at|from|for)\s+"
    r"(?:here|(?:the|this|my|our)(?:\s+(?:current|working|present|whole|project|same))*\s*"
    r"(?:folder|directory|dir|project|repo|repository|workspace|place)|(?:current|working)\s+(?:folder|directory|dir)))"
)
"""Ways to say: the folder we are in."""


class Named(Struct, frozen=True):
    """A path somebody wrote."""

    path: str
    is_file_like: bool
    """It has an extension or is one of the usual names, so a file is meant."""
    is_certain: bool
    """It looks like a path rather than a word."""


def plain(message: str) -> str:
    """Return the request without polite words around it and without its final mark."""
    text = message.strip().replace("\u2019", "'")
    for _ in range(12):
        before = text
        shorter = _BEFORE.match(text)
        if shorter and shorter.end() < len(text) and not _is_greeting(text):
            text = text[shorter.end() :]
        text = text.strip()
        if not re.search(r"[\"'`”]$", text):
            text = re.sub(r"(?<=[^\s.!?])\s*[.!?]+$", "", text) if not _ends_in_path(text) else text
        head, tail = text[:-_AFTER_CHARS], text[-_AFTER_CHARS:]
        text = (head + _AFTER.sub("", tail)).strip() or text
        if text == before:
            break
    return text


def _is_greeting(text: str) -> bool:
    return (
        re.fullmatch(r"(?:hi|hello|hey)[\s,]+(?:there|hermes)?[\s!.]*", text, re.IGNORECASE)
        is not None
    )


def _ends_in_path(text: str) -> bool:
    return re.search(r"(?:^|\s)(?:\.|\.\.|\./|\.\./)$", text) is not None


def unquoted(text: str) -> str:
    """Return what stands in quotes if the whole text is quoted, else the text."""
    match = _QUOTED.fullmatch(text.strip())
    if match is None:
        return text.strip()
    inner = next(match[name] for name in ("text", "curly", "block") if match[name] is not None)
    quote = match["q"]
    return text.strip() if quote and quote in inner else inner


def as_path(word: str) -> Named | None:
    """Return the path a word names, or None if it can be none."""
    inner = unquoted(word)
    was_quoted = inner != word.strip()
    path = inner if was_quoted else inner.rstrip(",;:!?")
    if not path or "\n" in path or "://" in path or (" " in path and not was_quoted):
        return None
    last = path.rstrip("/").rpartition("/")[2]
    is_file = not path.endswith("/") and (
        _EXTENSION.fullmatch(last) is not None
        or _DOTFILE.fullmatch(last) is not None
        or last.lower() in _NAMES
    )
    is_certain = is_file or was_quoted or "/" in path or path in {".", "..", "~"}
    return Named(path.rstrip("/") or path, is_file, is_certain)


def begins_like_a_wish(text: str) -> bool:
    """Whether unquoted text describes something to be made up rather than copied."""
    return unquoted(text) == text.strip() and (
        _VAGUE.match(text) is not None or _INVENTED.search(text) is not None
    )
