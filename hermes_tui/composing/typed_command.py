"""Telling a shell command of the person's own from a message."""

from __future__ import annotations

SIGN = "!"
NO_COMMAND = "!COMMAND runs it in the shell; what it prints the agent knows too"
"""Said where the sign stands alone."""


def typed_command(text: str) -> str:
    """Return the command in `!command`, empty if the text is none."""
    return text[len(SIGN) :].strip() if text.startswith(SIGN) else ""
