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


def gauge(share: float, width: int, style: str = "") -> Content:
    """Draw a gauge.

    Args:
        share: 0.0 to 1.0; clamped.
        width: Cells.
        style: Of the filled part; by level if empty.
    """
    share = min(max(share, 0.0), 1.0)
    filled = round(share * width)
    if share > 0:
        filled = max(filled, 1)
    return Content.assemble(
        ("━" * filled, style or gauge_style(share)), ("━" * (width - filled), "$h-line")
    )
