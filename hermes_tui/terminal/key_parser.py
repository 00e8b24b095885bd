"""Reading keys from a terminal that sends Alt as an escape before the key.

The toolkit turns Alt and a digit into the characters that Option types on a Mac, and
forgets Alt where the key is no letter: Alt+Enter would send a message. Here such keys
keep their Alt, as they do from terminals that speak the newer protocol.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser
from textual.keys import KEY_NAME_REPLACEMENTS, _character_to_key

_ESCAPE = "\x1b"
_BEGINS = frozenset("[]OPX^_")
"""What begins a longer sequence behind an escape."""
_NAMED = {"\r": "enter", "\n": "ctrl+j", " ": "space"}


class KeyParser(XTermParser):
    """The toolkit's parser, with Alt read right."""

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        name = alt_key(sequence)
        if name:
            return [events.Key(name, None)]
        return super()._sequence_to_key_events(sequence, alt)


def alt_key(sequence: str) -> str:
    """Name the key of an escape and one character; empty for anything else."""
    if len(sequence) != 2 or sequence[0] != _ESCAPE:
        return ""
    character = sequence[1]
    if not character.isdigit() and (sequence in ANSI_SEQUENCES_KEYS or character in _BEGINS):
        return ""
    if character in _NAMED:
        return f"alt+{_NAMED[character]}"
    if not character.isprintable():
        return ""
    if character.isalpha() and character.isupper():
        return f"alt+shift+{character.lower()}"
    name = character if character.isalnum() else _character_to_key(character)
    return f"alt+{KEY_NAME_REPLACEMENTS.get(name, name)}"
