"""The glyphs, and what stands for them where the terminal draws them badly."""

from __future__ import annotations

from msgspec import Struct


class Glyphs(Struct, frozen=True, kw_only=True):
    """One set; each is one cell wide."""

    done: str = "✓"
    failed: str = "✗"
    writing: str = "◌"
    skipped: str = "⊘"
    asks: str = "!"
    reasoning: str = "∴"
    folded: str = "▸"
    opened: str = "▾"
    bar: str = "▌"
    thread: str = "▏"
    caret: str = "▍"
    bullet: str = "•"
    task: str = "◆"
    up: str = "↑"
    down: str = "↓"
    branch: str = "╰"
    dot: str = "·"
    minus: str = "−"
    still: str = "●"
    absent: str = "╱"
    rule: str = "─"
    spinner: str = "⠋⠙⠹⠸⠼⠴⠦⠧"


UNICODE = Glyphs()
ASCII = Glyphs(
    done="+",
    failed="x",
    writing=".",
    skipped="0",
    reasoning="~",
    folded=">",
    opened="v",
    bar="|",
    thread=":",
    caret="_",
    bullet="*",
    task="&",
    up="^",
    down="v",
    branch="`",
    dot="-",
    minus="-",
    still="*",
    absent="/",
    rule="-",
    spinner="-\\|/",
)
