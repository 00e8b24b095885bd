"""Colours of code: lexer tokens to roles. Three hues carry meaning, no bold, no lines."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from hermes_widgets.drawing.foreign import lines_of
from hermes_widgets.drawing.pens import Pen, Run

if TYPE_CHECKING:
    from pygments.lexer import Lexer

MAX_CHARS = 24_000
"""Longer code stays plain: a lexer needs about 1 ms for 1,000 characters."""

_PLAIN = Pen("text")
_NOTE = Pen("faint", italic=True)
_ROLES: tuple[tuple[str, Pen], ...] = (
    ("Token.Literal.String.Doc", _NOTE),
    ("Token.Comment", _NOTE),
    ("Token.Keyword.Type", Pen("info")),
    ("Token.Keyword.Constant", Pen("warn")),
    ("Token.Keyword", Pen("lilac")),
    ("Token.Operator.Word", Pen("lilac")),
    ("Token.Operator", Pen("muted")),
    ("Token.Punctuation", Pen("muted")),
    ("Token.Name.Function", Pen("gold")),
    ("Token.Name.Class", Pen("gold")),
    ("Token.Name.Decorator", Pen("gold")),
    ("Token.Name.Tag", Pen("lilac")),
    ("Token.Name.Builtin.Pseudo", _PLAIN),
    ("Token.Name.Builtin", Pen("info")),
    ("Token.Name.Exception", Pen("info")),
    ("Token.Name.Attribute", Pen("info")),
    ("Token.Literal.String", Pen("ok")),
    ("Token.Literal.Number", Pen("warn")),
    ("Token.Generic.Deleted", Pen("bad")),
    ("Token.Generic.Inserted", Pen("ok")),
    ("Token.Generic.Heading", Pen("muted")),
)


def code_lines(code: str, *, language: str = "", path: str = "") -> list[tuple[Run, ...]]:
    """Return the lines of some code with their pens.

    Args:
        code: Foreign text; made safe here.
        language: Name as written after a fence, if any.
        path: File name to tell the language by, if any.
    """
    lines = lines_of(code)
    lexer = _lexer(language.lower(), path.rsplit("/", 1)[-1])
    if lexer is None or len(code) > MAX_CHARS:
        return [((line, _PLAIN),) for line in lines]
    rows: list[list[Run]] = [[]]
    for token, value in lexer.get_tokens("\n".join(lines)):
        pen = _pen(str(token))
        for index, part in enumerate(value.split("\n")):
            if index:
                rows.append([])
            if part:
                rows[-1].append((part, pen))
    rows = rows[: len(lines)] + [[] for _ in range(len(lines) - len(rows))]
    return [tuple(row) for row in rows]


@lru_cache(maxsize=256)
def _pen(token: str) -> Pen:
    for prefix, pen in _ROLES:
        if token == prefix or token.startswith(prefix + "."):
            return pen
    return _PLAIN


@lru_cache(maxsize=64)
def _lexer(language: str, file_name: str) -> Lexer | None:
    # deferred: 25 ms of import that a start without code on screen need not pay
    from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
    from pygments.util import ClassNotFound

    try:
        if language:
            return get_lexer_by_name(language, stripnl=False, ensurenl=False)
        if file_name:
            return get_lexer_for_filename(file_name, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
    return None
