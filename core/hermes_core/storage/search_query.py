"""From what is typed into a search box to what the index understands.

Scripts written without spaces are taken out of the word index and looked up in two
of their own: pairs of characters for one or two, trigrams for longer runs. Hangul is
among them because endings are glued to its words.
"""

from __future__ import annotations

import re
from itertools import pairwise

from msgspec import Struct

_RANGES = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f"  # Myanmar
    "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"  # Hangul
    "\u1780-\u17ff"  # Khmer
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f"  # Japanese
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"  # Han
)
SPACELESS = re.compile(f"[{_RANGES}]+")
"""A run of characters of scripts without spaces between words."""

_OPERATORS = ("AND", "OR", "NOT")
_PIECES = re.compile(r'"([^"]*)"|(\S+)')
_STRIPPED = re.compile(r'[+{}()"^:,;]')
_PLAIN = re.compile(r"^\w+\*?$")


class SearchQuery(Struct, frozen=True):
    """A cleaned query, by index."""

    words: str
    """FTS5 expression for the word index; may be empty."""
    pairs: str
    """FTS5 expression for runs of one or two characters."""
    trigrams: str
    """FTS5 expression for runs of three and more."""
    terms: tuple[str, ...]
    """What to mark in a snippet and to look for in rows not indexed yet."""

    @property
    def is_empty(self) -> bool:
        """Nothing to search for."""
        return not (self.words or self.pairs or self.trigrams)


def parse(text: str) -> SearchQuery:
    """Clean a query. Never raises; what cannot be understood is left out.

    Balanced quotes keep phrases, `AND`, `OR`, `NOT` between words and a trailing `*`
    keep their meaning, dotted and hyphenated words become phrases.
    """
    tokens: list[str] = []
    runs: list[str] = []
    terms: list[str] = []
    # An unbalanced last quote opens nothing.
    balanced = text if text.count('"') % 2 == 0 else "".join(text.rsplit('"', 1))
    for phrase, word in _PIECES.findall(balanced[:2000].replace("\x00", " ")):
        if word in _OPERATORS:
            tokens.append(word)
            continue
        piece = phrase or _STRIPPED.sub(" ", word)
        runs += SPACELESS.findall(piece)
        rest = SPACELESS.sub(" ", piece)
        found = _phrase(rest) if phrase else _words(rest)
        tokens += found
        terms += [found_term.strip('"*') for found_term in found]
    words = _join(tokens)
    short = [run for run in runs if len(run) <= 2]
    return SearchQuery(
        words=words,
        pairs=" ".join(_pair_query(run) for run in short),
        trigrams=" ".join(f'"{run}"' for run in runs if len(run) > 2),
        terms=tuple(dict.fromkeys([*terms, *runs])),
    )


def index_words(text: str) -> str:
    """The part of a text for the word index: runs without spaces taken out."""
    return SPACELESS.sub(" ", text)


def index_runs(text: str) -> list[str]:
    """The runs without spaces in a text."""
    return SPACELESS.findall(text)


def pair_tokens(run: str) -> str:
    """Each character with its successor, as tokens any tokenizer keeps whole.

    The last character stands alone, so that a prefix search finds every single one.
    """
    codes = [f"{ord(char):x}" for char in run]
    pairs = [f"{first}x{second}" for first, second in pairwise(codes)]
    return " ".join([*pairs, f"{codes[-1]}x"])


def _pair_query(run: str) -> str:
    return f"{ord(run[0]):x}x*" if len(run) == 1 else f"{ord(run[0]):x}x{ord(run[1]):x}"


def _phrase(text: str) -> list[str]:
    inner = " ".join(text.replace('"', " ").split())
    return [f'"{inner}"'] if any(char.isalnum() for char in inner) else []


def _words(text: str) -> list[str]:
    found = []
    for word in text.split():
        word = re.sub(r"\*+", "*", word).lstrip("*")
        stem = word.rstrip("*")
        if not any(char.isalnum() for char in stem):
            continue
        if _PLAIN.match(word) and stem.isascii():
            # A word that spells an operator in part of the grammar (NEAR) is quoted too.
            found.append(word if stem.upper() not in ("NEAR", *_OPERATORS) else f'"{stem}"')
        else:
            quoted = stem.replace("*", " ")
            found.append(f'"{quoted}"' + ("*" if word.endswith("*") else ""))
    return found


def _join(tokens: list[str]) -> str:
    """Drop operators without a word on both sides; NOT needs one before it."""
    kept: list[str] = []
    for token in tokens:
        if token in _OPERATORS and (not kept or kept[-1] in _OPERATORS):
            continue
        kept.append(token)
    while kept and kept[-1] in _OPERATORS:
        kept.pop()
    joined: list[str] = []
    for token in kept:
        # FTS5 binds neighbours tighter than OR and NOT; say AND where nothing is said.
        if joined and joined[-1] not in _OPERATORS and token not in _OPERATORS:
            joined.append("AND")
        joined.append(token)
    return " ".join(joined)
