"""Markdown as a tree of plain nodes, read from the parser's tokens.

Text in nodes is already safe to draw: controls are visible, tabs and line ends gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct

from hermes_widgets.drawing.foreign import one_line, visible
from hermes_widgets.drawing.pens import Pen, Run

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

Align = Literal["left", "center", "right", ""]
Runs: TypeAlias = tuple[Run, ...]

SAFE_LINKS = ("http://", "https://", "mailto:", "file://")


class Paragraph(Struct, frozen=True):
    """Running text; a hard line break is a run of one line feed."""

    runs: Runs


class Heading(Struct, frozen=True):
    """A heading of level 1 to 6."""

    level: int
    runs: Runs


class Code(Struct, frozen=True):
    """A block of code; `code` has no line end at its end."""

    code: str
    language: str = ""


class Table(Struct, frozen=True):
    """Cells of a table, the head first."""

    head: tuple[Runs, ...]
    body: tuple[tuple[Runs, ...], ...]
    aligns: tuple[Align, ...]


class Quote(Struct, frozen=True):
    """Quoted blocks."""

    children: tuple[Node, ...]


class Item(Struct, frozen=True):
    """One list item with its marker."""

    marker: str
    children: tuple[Node, ...]


class Rule(Struct, frozen=True):
    """A thematic break."""


Node: TypeAlias = Paragraph | Heading | Code | Table | Quote | Item | Rule


@cache
def _parser(has_addresses: bool) -> MarkdownIt:
    # deferred: 40 ms of import that the first frame need not pay
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "linkify": has_addresses})
    parser.enable(["table", "strikethrough"])
    if has_addresses and parser.linkify is not None:
        parser.enable("linkify")
        # `retry.py` is a file here, not a host in Paraguay
        parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
    return parser


def parser_of(source: str) -> MarkdownIt:
    """Return the parser for a text: one that looks for addresses only if there may be some.

    To look for them takes longer than all the rest of a frame of a long paragraph.
    """
    return _parser("//" in source or "mailto:" in source.lower())


def parse(source: str, references: dict[str, object] | None = None) -> tuple[Node, ...]:
    """Parse Markdown source.

    Args:
        source: Foreign text.
        references: Link definitions seen so far in the same reply; new ones are added.
    """
    tokens = parser_of(source).parse(visible(source), {} if references is None else references)
    return tuple(_nodes(_Reader(tokens), ""))


def parse_inline(source: str) -> Runs:
    """Parse a stretch of running text without block structure."""
    (token,) = parser_of(source).parseInline(visible(source))
    return _runs(token.children or ())


class _Reader:
    """Tokens in order, with the one in hand."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def next(self) -> Token | None:
        if self._at >= len(self._tokens):
            return None
        self._at += 1
        return self._tokens[self._at - 1]

    def until(self, closing: str) -> Iterator[Token]:
        """Yield tokens up to the closing one."""
        while (token := self.next()) is not None and token.type != closing:
            yield token


def _nodes(reader: _Reader, closing: str) -> Iterator[Node]:
    while (token := reader.next()) is not None and token.type != closing:
        match token.type:
            case "paragraph_open":
                yield Paragraph(_inline(reader, "paragraph_close"))
            case "heading_open":
                yield Heading(int(token.tag[1:]), _inline(reader, "heading_close"))
            case "fence" | "code_block":
                language = one_line(token.info).split(" ")[0] if token.info else ""
                yield Code(token.content.rstrip("\n"), language)
            case "html_block":
                yield Code(token.content.rstrip("\n"), "html")
            case "hr":
                yield Rule()
            case "blockquote_open":
                yield Quote(tuple(_nodes(reader, "blockquote_close")))
            case "bullet_list_open":
                yield from _items(reader, "bullet_list_close", None)
            case "ordered_list_open":
                start = int(token.attrGet("start") or 1) if token.attrs else 1
                yield from _items(reader, "ordered_list_close", start)
            case "table_open":
                yield _table(reader)


def _items(reader: _Reader, closing: str, number: int | None) -> Iterator[Node]:
    while (token := reader.next()) is not None and token.type != closing:
        if token.type == "list_item_open":
            marker = "" if number is None else f"{number}{token.markup}"
            yield Item(marker, tuple(_nodes(reader, "list_item_close")))
            number = None if number is None else number + 1


def _table(reader: _Reader) -> Table:
    rows: list[list[Runs]] = []
    aligns: list[Align] = []
    for token in reader.until("table_close"):
        if token.type == "tr_open":
            rows.append([])
        elif token.type in ("th_open", "td_open"):
            if len(rows) == 1:
                aligns.append(_align(token))
            rows[-1].append(_inline(reader, token.type.replace("open", "close")))
    head, *body = rows or [[]]
    return Table(tuple(head), tuple(tuple(row) for row in body), tuple(aligns))


def _align(token: Token) -> Align:
    style = str(token.attrGet("style") or "")
    for name in ("left", "center", "right"):
        if style.endswith(name):
            return name
    return ""


def _inline(reader: _Reader, closing: str) -> Runs:
    runs: Runs = ()
    for token in reader.until(closing):
        if token.type == "inline":
            runs = _runs(token.children or ())
    return runs


def _runs(tokens: Sequence[Token]) -> Runs:
    """Turn inline tokens into runs; nesting only ever adds to the pen."""
    found: list[Run] = []
    pens = [Pen()]
    for token in tokens:
        pen = pens[-1]
        match token.type:
            case "text" if token.content:
                found.append((token.content.replace("\t", " "), pen))
            case "code_inline":
                found.append((token.content.replace("\t", " "), _code_pen(pen)))
            case "softbreak" | "hardbreak":
                found.append((" " if token.type == "softbreak" else "\n", pen))
            case "image":
                target = _link_pen(pen, str(token.attrGet("src") or ""))
                found.append((one_line(token.content) or "image", target))
            case _ if token.nesting == 1:
                pens.append(_opened(token, pen))
            case _ if token.nesting == -1 and len(pens) > 1:
                pens.pop()
    return tuple(found)


def _opened(token: Token, pen: Pen) -> Pen:
    """Return the pen inside an inline element."""
    match token.type:
        case "strong_open":
            return pen._replace(bold=True)
        case "em_open":
            return pen._replace(italic=True)
        case "s_open":
            return pen._replace(role="faint")
        case "link_open":
            return _link_pen(pen, str(token.attrGet("href") or ""))
    return pen


def _code_pen(pen: Pen) -> Pen:
    return pen._replace(role="info", plane="raised")


def _link_pen(pen: Pen, target: str) -> Pen:
    safe = target.lower().startswith(SAFE_LINKS)
    return pen._replace(role="info", underline=True, link=target if safe else "")
