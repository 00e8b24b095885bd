"""Drops mouse reports that are none, before they are taken for typing.

Some terminals report positions outside their cells as `NaN`. No parser knows such a
report, so its letters would land in the field, and keys after it would wait.
"""

from __future__ import annotations

import re

_REPORT = re.compile(r"\x1b\[<[^\x1b]{0,40}?[mM]")
_VALID = re.compile(r"\x1b\[<\d{1,6};-?\d{1,6};-?\d{1,6}[mM]")
_BEGUN = re.compile(r"\x1b\[<[^\x1bmM]{0,40}\Z")


class MouseFilter:
    """Passes terminal input on, whole reports at a time."""

    def __init__(self) -> None:
        self._rest = ""

    def feed(self, text: str) -> str:
        """Return what may be parsed; an unfinished report waits for its end."""
        text = self._rest + text
        begun = _BEGUN.search(text)
        cut = begun.start() if begun else len(text)
        text, self._rest = text[:cut], text[cut:]
        return _REPORT.sub(lambda found: found[0] if _VALID.fullmatch(found[0]) else "", text)
