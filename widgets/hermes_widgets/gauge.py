"""The thin line that shows how full something is."""

from __future__ import annotations

from textual.content import Content


def gauge_style(share: float) -> str:
    """Return the colour of a level: ok below 50 %, warn below 80 %, bad above."""
    if share < 0.5:
        return "$h-ok"
    if share < 0.8:
        return "$h-warn"
    return "$h-bad bold" if share >= 0.95 else "$h-bad"


def gauge(share: float, width: int, style: str = "", glyphs: str = "") -> Content:
    """Draw a gauge.

    Args:
        share: 0.0 to 1.0; clamped.
        width: Cells.
        style: Of the filled part; by level if empty.
        glyphs: A slope to climb, lowest first; empty for a thin line.
    """
    share = min(max(share, 0.0), 1.0)
    filled = round(share * width)
    if share > 0:
        filled = max(filled, 1)
    if glyphs:
        slope = "".join(glyphs[cell * len(glyphs) // width] for cell in range(width))
        return Content.assemble(
            (slope[:filled], style or gauge_style(share)), (slope[filled:], "$h-line")
        )
    # a lighter stroke for what is free, so that it can be told apart without colours too
    return Content.assemble(
        ("━" * filled, style or gauge_style(share)), ("─" * (width - filled), "$h-line")
    )
