"""Every key that does something, as the terminals of today and of old send it."""

from __future__ import annotations

import pytest
from textual import events

from hermes_core.paths import Home
from hermes_tui.actions.action import ACTION_REGISTRY
from hermes_tui.terminal.key_parser import KeyParser
from tests.tui.stage import staged

OLD = {
    "alt+1": "\x1b1", "alt+2": "\x1b2", "alt+3": "\x1b3", "alt+4": "\x1b4", "alt+5": "\x1b5",
    "alt+q": "\x1bq", "alt+d": "\x1bd", "alt+v": "\x1bv", "alt+full_stop": "\x1b.",
    "alt+enter": "\x1b\r", "alt+up": "\x1b[1;3A", "alt+down": "\x1b[1;3B",
    "alt+ctrl+left": "\x1b[1;7D", "alt+ctrl+right": "\x1b[1;7C", "ctrl+end": "\x1b[1;5F",
    "ctrl+home": "\x1b[1;5H", "ctrl+f4": "\x1b[1;5S", "ctrl+pagedown": "\x1b[6;5~",
    "ctrl+pageup": "\x1b[5;5~", "pagedown": "\x1b[6~", "pageup": "\x1b[5~",
    "shift+down": "\x1b[1;2B", "shift+up": "\x1b[1;2A", "shift+tab": "\x1b[Z",
    "shift+f6": "\x1b[17;2~", "f1": "\x1bOP", "f2": "\x1bOQ", "f6": "\x1b[17~",
    "f9": "\x1b[20~", "f11": "\x1b[23~", "ctrl+left": "\x1bb", "ctrl+right": "\x1bf", "alt+shift+q": "\x1bQ",
    **{f"ctrl+{c}": chr(ord(c) - 96) for c in "cefgklnopqrtxyz"},
}  # fmt: skip
ONLY_NEW = {"ctrl+comma"}
"""Keys that only terminals with the newer protocol send; each has another key too."""


def keys_of(sent: str) -> list[str]:
    parser = KeyParser(False)
    return [event.key for event in parser.feed(sent) if isinstance(event, events.Key)]


@pytest.mark.ac("keys-as-sent")
@pytest.mark.parametrize(("key", "sent"), OLD.items(), ids=list(OLD))
def test_old_terminals_reach_every_key(key: str, sent: str) -> None:
    assert keys_of(sent) == [key]


@pytest.mark.ac("keys-as-sent")
def test_alt_is_the_same_from_new_terminals() -> None:
    assert keys_of("\x1b[51;3u") == ["alt+3"]
    assert keys_of("\x1b[13;3u") == ["alt+enter"]


@pytest.mark.ac("keys-as-sent")
async def test_no_action_has_a_key_that_old_terminals_cannot_send(home: Home) -> None:
    async with staged(home) as stage:
        keymap = stage.app.keymap
        bound = {
            key for action in ACTION_REGISTRY.all() for key in keymap.keys_of(action).split(",")
        }
    assert bound - {"", "escape"} - set(OLD) == ONLY_NEW


def test_what_option_types_on_a_mac_stays_text() -> None:
    assert [
        event.character for event in KeyParser(False).feed("£") if hasattr(event, "character")
    ] == ["£"]
