"""What a skin may say: colours, spinner, words, marks. It never changes behaviour.

A skin is a YAML mapping. Only `name` is required; what is missing comes from the
skin it extends, in the end from `default`. Keys we do not know are named together
with the nearest known one and otherwise passed over, so that a skin written for
another version still loads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

Mode = Literal["dark", "light", "auto"]

REFERENCE_COLOURS = (
    "banner_border",
    "banner_title",
    "banner_accent",
    "banner_dim",
    "banner_text",
    "ui_accent",
    "ui_label",
    "ui_ok",
    "ui_error",
    "ui_warn",
    "prompt",
    "input_rule",
    "response_border",
    "session_label",
    "session_border",
    "status_bar_bg",
    "voice_status_bg",
    "completion_menu_bg",
    "completion_menu_current_bg",
    "completion_menu_meta_bg",
    "completion_menu_meta_current_bg",
)
"""Colour keys of skins written for the older program."""
OWN_COLOURS = (
    "background",
    "surface",
    "selection_bg",
    "diff_add_bg",
    "diff_del_bg",
    "code_theme",
    "user_bg",
    "gold",
    "info",
    "ok",
    "warn",
    "bad",
    "lilac",
    "bronze",
)
"""Colour keys of our own."""
KEYS: Mapping[str, tuple[str, ...]] = {
    "": (
        "name",
        "description",
        "extends",
        "mode",
        "aliases",
        "colors",
        "spinner",
        "branding",
        "tool_prefix",
        "tool_emojis",
        "banner_logo",
        "banner_hero",
        "mark",
        "wordmark",
        "art",
        "gauge",
        "layout",
    ),
    "colors": REFERENCE_COLOURS + OWN_COLOURS,
    "spinner": ("frames", "waiting_faces", "thinking_faces", "thinking_verbs", "wings"),
    "branding": (
        "agent_name",
        "welcome",
        "goodbye",
        "response_label",
        "prompt_symbol",
        "help_header",
    ),
}
"""Every key there is, by group; the empty group is the top of the file."""


class SkinError(ValueError):
    """A skin that cannot be used; the message says where and why.

    Args:
        text: What is wrong, in words.
        path: Keys that lead to it from the top of the file.
    """

    def __init__(self, text: str, path: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.path = path


class Spinner(Struct, frozen=True, kw_only=True):
    """What turns while the agent works."""

    frames: str = "⠋⠙⠹⠸⠼⠴⠦⠧"
    """Characters of one cell each."""
    waiting_faces: tuple[str, ...] = (
        *("(o_o)", "(-_-)", "(^_^)", "(._.)", "(u_u)", "(°_°)", "(=_=)", "(~_~)", "(*_*)"),
        "(¬_¬)",
    )
    """Shown while the model is waited for."""
    thinking_faces: tuple[str, ...] = (
        *("(o.o)", "(-.-)", "(^.^)", "(._.)", "(u.u)", "(°.°)", "(=.=)", "(~.~)", "(*.*)"),
        *("(¬.¬)", "(o_O)", "(O_o)", "(>.>)", "(<.<)", "(._o)"),
    )
    """Shown while it writes or works."""
    thinking_verbs: tuple[str, ...] = (
        *("pondering", "musing", "mulling", "reasoning", "weighing", "sorting", "tracing"),
        *("sketching", "comparing", "reading", "joining", "checking", "turning it over"),
        *("untangling", "composing"),
    )
    """What it is said to do before it says so itself."""
    wings: tuple[tuple[str, str], ...] = ()
    """Left and right of the face."""


class Branding(Struct, frozen=True, kw_only=True):
    """The words of the product."""

    agent_name: str = "Hermes Agent"
    welcome: str = "What shall we do?"
    """Stands in the empty field."""
    goodbye: str = "Goodbye."
    """Printed when the screen is left."""
    response_label: str = ""
    prompt_symbol: str = "❯"
    help_header: str = "Commands"


class Skin(Struct, frozen=True, kw_only=True):
    """A skin with everything it inherits filled in."""

    name: str
    description: str = ""
    mode: Mode = "auto"
    aliases: tuple[str, ...] = ()
    colors: Mapping[str, str] = field(default_factory=dict)
    """Colours by key, as written; empty means: those of the terminal's mode."""
    spinner: Spinner = Spinner()
    branding: Branding = Branding()
    tool_prefix: str = "▏"
    """Character of the thread beside the work of a turn."""
    tool_emojis: Mapping[str, str] = field(default_factory=dict)
    mark: str = "☿"
    wordmark: tuple[str, ...] = ()
    """Up to three lines of any width; empty for the name of the product."""
    art: tuple[str, ...] = ()
    """Up to three lines left of the wordmark, in place of the feathers."""
    gauge: str = ""
    """Characters of a rising gauge, lowest first; empty for the thin line."""


USUAL = Skin(name="default")
"""The persona of the default skin, there without reading a file."""
