"""What the command line asked for, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

OutputFormat = Literal["text", "json", "stream-json"]


class RunOptions(Struct, frozen=True, kw_only=True):
    """How to start: screen, one question, or servers. None means: not asked for."""

    query: str | None = None
    """One question; None starts the screen."""
    image: str | None = None
    """A picture that goes with the question."""
    resume: str | None = None
    """Id or title of the conversation to go on with."""
    continue_: str | None = None
    """The same by title, or empty for the newest conversation of the terminal."""
    model: str | None = None
    provider: str | None = None
    toolsets: tuple[str, ...] | None = None
    skills: tuple[str, ...] = ()
    max_turns: int | None = None
    max_cost: float | None = None
    """Most the conversation may cost, in USD."""
    max_tokens: int | None = None
    """Most tokens the conversation may use, in and out."""
    checkpoints: bool | None = None
    source: str = "cli"
    """Stored on a new conversation."""
    format: OutputFormat = "text"
    quiet: bool = False
    verbose: bool = False
    yolo: bool = False
    plain: bool = False
    """Lines in place of the screen."""
    profile: str | None = None
    serve: tuple[str, ...] | None = None
    """Servers to run in place of a screen."""

    def overrides(self) -> dict[str, Any]:
        """The settings this call overrides, by dotted key."""
        asked: Mapping[str, Any] = {
            "model.default": self.model,
            "model.provider": self.provider,
            "agent.max_turns": self.max_turns,
            "agent.max_cost_usd": self.max_cost,
            "agent.max_total_tokens": self.max_tokens,
            "checkpoints.enabled": self.checkpoints,
        }
        return {key: value for key, value in asked.items() if value is not None}
