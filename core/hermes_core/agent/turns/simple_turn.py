"""Whether a message is so simple that a cheaper model may answer it. Pure.

Words alone say little: "yes, do it" after a plan is short and not simple. So only the
beginning of a conversation counts, before any tool was used, while the model has asked
nothing and no plan is open. Later on, another model would also cost more than it
saves, for the prompt's cache would be lost.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from hermes_core.agent.sessions.conversation import Conversation, Input

MAX_HISTORY = 4
"""Messages before this one; more is a conversation under way."""

_WORK = re.compile(
    r"\b(?:debug\w*|implement\w*|refactor\w*|patch\w*|traceback|stack ?trace|exceptions?|errors?"
    r"|analy[sz]\w*|analysis|investigat\w*|architecture|design\w*|compar\w*|benchmark\w*"
    r"|optimi[sz]\w*|review\w*|terminal|shell|tools?|pytest|tests?|plan\w*|delegat\w*"
    r"|sub-?agents?|cron|docker|kubernetes|files?|folders?|director(?:y|ies)|commit\w*"
    r"|fix\w*|bugs?|run|build|deploy|install)\b",
    re.IGNORECASE,
)
"""Words of work with tools. Missing one costs a weaker answer, so the list is generous."""
_NOT_PLAIN = re.compile(r"`|https?://|www\.|(?:^|\s)[@/~]\S|\w/\w")
"""Code, addresses, references, commands and paths."""


class SimpleLimits(Struct, frozen=True, kw_only=True):
    """How short a simple message is."""

    max_chars: int = 160
    max_words: int = 28


def is_simple(inputs: Sequence[Input], talk: Conversation, limits: SimpleLimits) -> bool:
    """Whether a turn that begins with these messages may go to the cheaper model."""
    if len(inputs) != 1 or inputs[0].attachments or inputs[0].context or inputs[0].system:
        return False
    return _is_beginning(talk) and _is_plain(inputs[0].text.strip(), limits)


def _is_beginning(talk: Conversation) -> bool:
    if len(talk.messages) > MAX_HISTORY or talk.todos:
        return False
    replies = [message for message in talk.messages if message.role == "assistant"]
    asks = bool(replies) and replies[-1].content.rstrip().endswith("?")
    return not asks and not any(message.tool_calls for message in replies)


def _is_plain(text: str, limits: SimpleLimits) -> bool:
    return (
        0 < len(text) <= limits.max_chars
        and len(text.split()) <= limits.max_words
        and text.count("\n") <= 1
        and not _NOT_PLAIN.search(text)
        and not _WORK.search(text)
    )
