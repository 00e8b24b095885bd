"""What the toolkit keeps of widgets that are gone."""

from __future__ import annotations

from textual._styles_cache import StylesCache


def forget_gone() -> None:
    """Let go of the rows that removed widgets had drawn last.

    The toolkit keeps a table of background colours whose keys hold the rows of a widget,
    a thousand keys long. Measured: half a megabyte for each time the help is opened and
    closed, 0.1 MB for each dialog and each tab.
    """
    StylesCache.get_inner_outer.cache_clear()
