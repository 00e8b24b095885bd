"""Understands a handful of plain requests; everything else is None.

A request is matched whole, after polite words are taken off both ends, so that a
longer or cleverer wish falls through and is declined rather than half understood.
"""

from __future__ import annotations

from collections.abc import Callable

from hermes_core.providers.demo import command_rules, file_rules, talk_rules
from hermes_core.providers.demo.intent import Intent
from hermes_core.providers.demo.wording import plain

_LONGEST_CHARS = 4_000
_SHORT_CHARS = 300

_RULES: tuple[tuple[Callable[[str], Intent | None], int], ...] = (
    (talk_rules.tour, _SHORT_CHARS),
    (talk_rules.about, _SHORT_CHARS),
    (talk_rules.remember, _LONGEST_CHARS),
    (file_rules.write, _LONGEST_CHARS),
    (file_rules.delete, _SHORT_CHARS),
    (file_rules.listing, _SHORT_CHARS),
    (file_rules.read, _SHORT_CHARS),
    (command_rules.search, _SHORT_CHARS),
    (command_rules.run, _LONGEST_CHARS),
)
"""Rules in the order they are tried, each with the longest request it looks at."""


def understand(message: str) -> Intent | None:
    """Return what a message asks for, or None if it is beyond this model."""
    if len(message) > _LONGEST_CHARS:
        return None
    for candidate in dict.fromkeys((message, message.strip().rpartition("\n\n")[2])):
        request = plain(candidate)
        for rule, longest in _RULES:
            if request and len(request) <= longest and (intent := rule(request)) is not None:
                return intent
    return None
