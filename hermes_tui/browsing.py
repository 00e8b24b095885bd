"""Whether a page can be shown to the person from this machine."""

from __future__ import annotations

import sys
from collections.abc import Mapping


def has_browser(environ: Mapping[str, str], *, platform: str = sys.platform) -> bool:
    """Whether opening a page here shows it: not over SSH, and not without a display.

    What would be opened without one is a browser for terminals, in this very terminal.
    """
    is_remote = any(environ.get(name) for name in ("SSH_CLIENT", "SSH_TTY", "SSH_CONNECTION"))
    has_display = any(environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    return not is_remote and (platform == "darwin" or has_display)
