"""The first lines of a file, to look at before it is chosen."""

from __future__ import annotations

from pathlib import Path

from hermes_widgets.drawing.foreign import lines_of

_BYTES = 8_192


def beginning(path: Path, *, lines: int = 18) -> str:
    """Return the first lines of a file as one can look at them. Blocking.

    What is no text is described, what cannot be read says why; nothing is raised.
    """
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            data = file.read(_BYTES)
        size = path.stat().st_size
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if b"\0" in data:
        return f"no text · {size:,} bytes"
    if not data:
        return "empty"
    return "\n".join(lines_of(data.decode("utf-8", "replace").expandtabs(4))[:lines])
