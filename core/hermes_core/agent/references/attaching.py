"""Putting what a message refers to behind it, once, before it is delivered.

The text goes into a file of the session and the message carries the file as an
attachment. The person's words stay as they were typed, for the screen, for search and
for sending them again; the request joins both, the same bytes at every step.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from hermes_core.agent.references.parsing import references
from hermes_core.agent.references.reading import Block, NotAttached, Reader, TooLarge
from hermes_core.agent.sessions.conversation import Conversation, Input
from hermes_core.events import Notice
from hermes_core.files import write_atomically
from hermes_core.messages import CONTEXT_TYPE, Attachment, Message, clean_text
from hermes_core.ports import CancelToken, Permissions
from hermes_core.providers.facts.tokens import CHARS_PER_TOKEN, estimate_text

HARD_SHARE = 0.5
"""More of the window than this is refused."""
SOFT_SHARE = 0.25
"""More of the window than this is told."""
GONE = "[What was attached here is not available any more.]"

_log = logging.getLogger(__name__)


class Expansion(Struct, frozen=True):
    """What references bring."""

    text: str = ""
    """For the model; empty if there is nothing."""
    notices: tuple[Notice, ...] = ()


async def expand(text: str, reader: Reader, *, window_tokens: int) -> Expansion:
    """Read everything a text refers to.

    Args:
        text: What the person wrote.
        reader: Reads for the session.
        window_tokens: Of the model; decides how much may be attached.
    """
    blocks: list[Block] = []
    warnings: list[str] = []
    for reference in references(text):
        try:
            blocks.append(await reader.read(reference))
        except TooLarge as error:
            return _refused(error.chars / CHARS_PER_TOKEN, window_tokens)
        except NotAttached as error:
            warnings.append(f"{reference.label}: {error}")
    whole = _whole(blocks, warnings)
    tokens = estimate_text(whole)
    if tokens > window_tokens * HARD_SHARE:
        return _refused(tokens, window_tokens)
    notices = []
    if blocks:
        named = ", ".join(
            f"{block.title.removeprefix('@file:')} ({block.fact})" for block in blocks
        )
        notices.append(Notice(level="info", code="context_attached", text=f"Attached {named}"))
    if warnings:
        notices.append(_warning("Not attached: " + "; ".join(warnings)))
    if tokens > window_tokens * SOFT_SHARE:
        share = f"{tokens / window_tokens:.0%}"
        notices.append(_warning(f"What is attached takes {share} of the model's window."))
    return Expansion(whole, tuple(notices))


def _whole(blocks: Sequence[Block], warnings: Sequence[str]) -> str:
    parts = []
    if warnings:
        bullets = "\n".join(f"- {warning}" for warning in warnings)
        parts.append(f"--- Context Warnings ---\n\n{bullets}")
    if blocks:
        texts = "\n\n".join(f"{block.title} ({block.fact})\n{block.text}" for block in blocks)
        parts.append(f"--- Attached Context ---\n\n{texts}")
    return "\n\n".join(parts)


def _refused(tokens: float, window_tokens: int) -> Expansion:
    limit = int(window_tokens * HARD_SHARE)
    text = (
        f"@ context injection refused: {int(tokens)} tokens exceeds the 50% hard limit ({limit})."
    )
    return Expansion(notices=(_warning(text),))


def _warning(text: str) -> Notice:
    return Notice(level="warn", code="context_warning", text=text)


class Attaching(Struct, frozen=True, kw_only=True):
    """Gives inputs of one session what they refer to.

    Args:
        conversation: Knows the window and keeps the texts.
        permissions: Makes the guard's answers for one message.
        cwd: The working folder now.
        folder: Where the texts are kept; goes with the session.
        redact: Masks secrets.
    """

    conversation: Conversation
    permissions: Callable[[], Permissions]
    cwd: Callable[[], Path]
    folder: Path
    redact: Callable[[str], str]

    async def attach(
        self, item: Input, *, message_id: str, cancel: CancelToken
    ) -> tuple[tuple[Attachment, ...], tuple[Notice, ...]]:
        """Return the attachments of the message an input becomes, and what to tell.

        An input that is sent again brings its texts along and is not expanded anew.
        """
        if any(one.media_type == CONTEXT_TYPE for one in item.attachments):
            return item.attachments, ()
        window = self.conversation.runtime.window_tokens
        found = Expansion()
        if "@" in item.text:
            reader = Reader(
                root=self.cwd(),
                permissions=self.permissions(),
                max_chars=int(window * HARD_SHARE * CHARS_PER_TOKEN),
                cancel=cancel,
            )
            found = await expand(item.text, reader, window_tokens=window)
        whole = "\n\n".join(part for part in (item.context, found.text) if part)
        if not whole:
            return item.attachments, found.notices
        return (*item.attachments, await self.keep(whole, message_id)), found.notices

    async def keep(self, text: str, message_id: str) -> Attachment:
        """Let a text stand behind a message; one that is there is replaced."""
        text = self.redact(clean_text(text))
        path = self.folder / f"context_{message_id}.md"
        try:
            await asyncio.to_thread(_keep, path, text)
        except OSError as error:
            _log.warning("attached context lives in memory only: %s", error)
        self.conversation.contexts[str(path)] = text
        return Attachment(path=str(path), media_type=CONTEXT_TYPE, chars=len(text))


def _keep(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomically(path, text.encode())
    path.chmod(0o600)


def read_contexts(messages: Sequence[Message]) -> dict[str, str]:
    """Read the texts of a history again, by path. Blocking."""
    found: dict[str, str] = {}
    for message in messages:
        for one in message.attachments:
            if one.media_type == CONTEXT_TYPE:
                try:
                    found[one.path] = Path(one.path).read_text("utf-8", "replace")
                except OSError as error:
                    _log.warning("attached context is gone: %s", error)
    return found


def joined(message: Message, contexts: dict[str, str]) -> Message:
    """Return a message as it is sent: what was attached stands behind its words."""
    texts = [one for one in message.attachments if one.media_type == CONTEXT_TYPE]
    if not texts:
        return message
    parts = [message.content, *(contexts.get(one.path, GONE) for one in texts)]
    return msgspec.structs.replace(
        message,
        content="\n\n".join(part for part in parts if part),
        attachments=tuple(one for one in message.attachments if one not in texts),
    )
