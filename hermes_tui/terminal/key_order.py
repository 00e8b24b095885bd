"""Keys one after the other, however many come at once.

A field takes letters when it reads them, but what a binding does only when the key has
gone up through all its parents. Over a slow line keys come in bundles, and Backspace would
take the last letter of the bundle instead of the one before it. So what was pressed
after such a key waits until it has done its work, and until a screen it opened has put
the keyboard somewhere. A key that is pressed twice means one screen: its second press is
not for the one that came in its place.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from textual import events
from textual.dom import DOMNode
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

PATIENCE_S = 0.25
"""How long keys wait for one before them that is not heard of again, because what had the
keyboard is gone or because it does something long."""

Pressed = events.Key | events.Paste


class KeyDone(Message, verbose=True):
    """Follows a key from parent to parent, so whoever gets it got the key before."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class KeyOrder:
    """Says which key may go on now.

    Args:
        deal: Hands what was pressed to what has the keyboard now.
        later: Calls something after so many seconds.
    """

    def __init__(
        self,
        deal: Callable[[Pressed], Awaitable[None]],
        later: Callable[[float, Callable[[], Awaitable[None]]], Timer],
    ) -> None:
        self._deal = deal
        self._later = later
        self._waiting: deque[Pressed] = deque()
        self._number = 0
        self._screen: Screen[Any] | None = None
        """Which had the keyboard when the key on its way was pressed; None if none is."""
        self._key = ""
        """That key; empty for what was pasted."""
        self._way: Sequence[DOMNode] = ()
        """Whom that key reaches, one after the other."""
        self._timer: Timer | None = None

    async def take(self, event: Pressed) -> None:
        """Deal what was pressed, or keep it while a key before it is on its way."""
        self._waiting.append(event)
        if self._screen is None or not all(node.is_running for node in self._way):
            await self.go_on()

    def follow(self, event: Pressed, screen: Screen[Any], focused: Widget | None) -> None:
        """Let the next ones wait for this one, unless it is a letter for a field.

        Args:
            event: What was dealt.
            screen: Which had the keyboard then.
            focused: What got it there.
        """
        self._key = event.key if isinstance(event, events.Key) else ""
        if not event.is_forwarded:  # it was for the whole program, and may begin something
            self._send(screen, screen)
        elif isinstance(event, events.Key) and not _is_letter_for(event, focused):
            self._send(screen, focused or screen)

    def _send(self, screen: Screen[Any], target: Widget) -> None:
        self._number += 1
        if target.post_message(KeyDone(self._number)):
            self._screen, self._way = screen, target.ancestors_with_self
            self._timer = self._later(PATIENCE_S, self.go_on)

    async def done(self, number: int, screen: Screen[Any]) -> None:
        """A key has done its work.

        Args:
            number: As the message says.
            screen: Which has the keyboard now.
        """
        if number != self._number or self._screen is None:
            return
        before = self._screen
        self._forget()
        if screen is not before:
            self._drop_repeated()
        if self._waiting and screen is not before:
            self._send(screen, screen)
        if self._screen is None:
            await self.go_on()

    async def go_on(self) -> None:
        """Deal what waits, as far as it may."""
        before = self._screen
        self._forget()
        if before is not None and not before.is_current:
            self._drop_repeated()
        while self._waiting and self._screen is None:
            await self._deal(self._waiting.popleft())

    def _drop_repeated(self) -> None:
        while self._waiting and isinstance(first := self._waiting[0], events.Key):
            if first.key != self._key:
                break
            self._waiting.popleft()

    def _forget(self) -> None:
        self._screen, self._way = None, ()  # nothing of a closed screen is kept alive
        if self._timer is not None:
            self._timer.stop()
            self._timer = None


def _is_letter_for(event: events.Key, focused: Widget | None) -> bool:
    return focused is not None and focused.check_consume_key(event.key, event.character)
