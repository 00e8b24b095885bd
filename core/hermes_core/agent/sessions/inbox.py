"""Messages of the person that wait: those that steer, and those that queue."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Literal

import msgspec
from msgspec.structs import replace

from hermes_core.agent.sessions.conversation import Input
from hermes_core.agent.stream.journal import Journal
from hermes_core.commands import Submit
from hermes_core.events import InputAccepted, InputMode, InputState, fit_text
from hermes_core.messages import clean_text

_log = logging.getLogger(__name__)


class Inbox:
    """Keeps order, writes everything down before it is acknowledged.

    Args:
        journal: Where acceptance is stored.
        folder: Where texts too long for an event wait; made when needed.
        new_id: Makes input ids.
    """

    def __init__(self, journal: Journal, folder: Path, new_id: Callable[[], str]) -> None:
        self._journal = journal
        self._folder = folder
        self._new_id = new_id
        self._now: list[Input] = []
        self._queue: list[Input] = []
        self._parked: set[str] = set()
        self._is_held = False

    @property
    def is_held(self) -> bool:
        """Whether the queue waits until somebody lets it go on."""
        return self._is_held

    def hold(self, held: bool) -> None:
        """Hold the queue back, or let it go on; everyone is told if something waits."""
        if held != self._is_held:
            self._is_held = held
            self._tell_queue()

    def _tell_queue(self) -> None:
        state: Literal["held", "queued"] = "held" if self._is_held else "queued"
        for item in self._queue:
            self._journal.emit(InputState(input_id=item.input_id, state=state))

    @property
    def has_urgent(self) -> bool:
        """Whether messages wait that should go in at once."""
        return bool(self._now)

    @property
    def queued(self) -> tuple[Input, ...]:
        """The queue, next first."""
        return tuple(self._queue)

    def accept(self, submit: Submit, mode: InputMode) -> Input:
        """Store a message and put it where its mode says."""
        item = Input(
            self._new_id(),
            clean_text(submit.text),
            submit.attachments,
            clean_text(submit.note),
            clean_text(submit.system),
            clean_text(submit.context),
        )
        shown = fit_text(item.text)
        if len(shown) < len(item.text):
            self._park(item)
        self._journal.emit(
            InputAccepted(
                input_id=item.input_id, mode=mode, text=shown, attachments=submit.attachments
            )
        )
        if mode == "queue":
            self._queue.append(item)
            self._journal.emit(InputState(input_id=item.input_id, state="queued"))
        else:
            self._now.append(item)
        return item

    def take_urgent(self) -> list[Input]:
        """Take all messages that should go in now, in order."""
        taken, self._now = self._now, []
        return taken

    def take_next(self) -> list[Input]:
        """Take what the next turn starts with: everything urgent, else one of the queue."""
        if self._now:
            return self.take_urgent()
        return [self._queue.pop(0)] if self._queue else []

    def forget_delivered(self) -> None:
        """Delete the parked texts of messages that are in the store by now."""
        waiting = {item.input_id for item in (*self._now, *self._queue)}
        for input_id in self._parked - waiting:
            self._parked.discard(input_id)
            try:
                self._file(input_id).unlink(missing_ok=True)
            except OSError as error:
                _log.warning("a parked message cannot be deleted: %s", error)

    def edit(self, input_id: str, text: str) -> bool:
        """Change a queued text; False if it is not in the queue any more."""
        text = clean_text(text)
        for index, item in enumerate(self._queue):
            if item.input_id == input_id:
                changed = replace(item, text=text)
                self._queue[index] = changed
                shown = fit_text(text)
                if len(shown) < len(text):
                    self._park(changed)
                self._journal.emit(InputState(input_id=input_id, state="edited", text=shown))
                return True
        return False

    def remove(self, input_id: str) -> bool:
        """Take a queued message back; False if it is not in the queue any more."""
        for index, item in enumerate(self._queue):
            if item.input_id == input_id:
                del self._queue[index]
                self._journal.emit(InputState(input_id=input_id, state="cancelled"))
                return True
        return False

    def reorder(self, ids: Sequence[str]) -> None:
        """Put the named ones first, in that order."""
        place = {input_id: index for index, input_id in enumerate(ids)}
        self._queue.sort(key=lambda item: place.get(item.input_id, len(place)))
        self._tell_queue()

    def restore(self, waiting: Collection[Input]) -> int:
        """Queue again what was accepted and never delivered; returns how many."""
        self._queue.extend(self._unpark(item) for item in waiting)
        return len(waiting)

    def _file(self, input_id: str) -> Path:
        return self._folder / f"input_{input_id}.json"

    def _park(self, item: Input) -> None:
        """Keep a long text on disk until it is delivered."""
        self._parked.add(item.input_id)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file(item.input_id).write_bytes(msgspec.json.encode(item.text))
        except OSError as error:
            _log.warning("a long message waits in memory only: %s", error)

    def _unpark(self, item: Input) -> Input:
        try:
            text = msgspec.json.decode(self._file(item.input_id).read_bytes(), type=str)
        except (OSError, msgspec.DecodeError):
            return item
        self._parked.add(item.input_id)
        return replace(item, text=text)
