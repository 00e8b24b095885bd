"""What the command line hands to the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from hermes_tui.handlers.past import NewestPart
    from hermes_tui.setup.desk import SetupDesk


class LaunchState(Struct, frozen=True, kw_only=True):
    """How this run begins."""

    session_id: str | None = None
    """The conversation to show first; None begins a new one."""
    newest: NewestPart | None = None
    """The end of that conversation, drawn before the core is loaded."""
    first_message: str = ""
    """Sent as soon as the conversation is open."""
    skin: str = ""
    """Overrides `display.skin` for this run."""
    theme: str = ""
    """Overrides `tui.theme` for this run."""
    typed: str = ""
    """Typed before there was a prompt; the first draft."""
    is_light_terminal: bool = False
    """What the terminal said about its background."""
    colours: str = "truecolor"
    """How many colours the terminal has: `truecolor`, `256` or `standard` (16)."""
    wide_glyphs: str = ""
    """Glyphs of ours that the terminal draws two cells wide."""
    reduced_motion: bool = False
    """No animation, seconds in steps of five."""
    version: str = ""
    open_setup: Callable[[], SetupDesk] | None = None
    """Makes what sets a model up; None where that is done elsewhere."""


class ExitState(Struct, frozen=True, kw_only=True):
    """What the screen leaves behind for the command line to print."""

    session_id: str = ""
    """The conversation that was shown last, empty if nothing was said in it."""
    title: str = ""
    goodbye: str = "Goodbye."
    """What the skin says at the end."""
    text: str = ""
    """What of it stays in the terminal."""
    seconds: float = 0.0
    """How long the program ran."""
    user_messages: int = 0
    replies: int = 0
    tool_calls: int = 0
    goes_on: bool = False
    """Whether it is still at work, in another process."""
    reason: Literal["quit", "failed"] = "quit"
