"""What a session keeps beside its turns: checkpoints, and what tool families hold open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from hermes_core.agent.sessions.session import Session
from hermes_core.agent.stream.journal import Journal
from hermes_core.checkpoints.snapshots import Checkpoint
from hermes_core.checkpoints.store import CheckpointStore, SessionCheckpoints
from hermes_core.commands import Submit
from hermes_core.events import BackgroundFinished, BackgroundStarted, CheckpointCreated
from hermes_core.security.redaction import Redactor
from hermes_core.tools.registry import session_services
from hermes_core.tools.shell.background_process import BackgroundProcess
from hermes_core.tools.shell.notices import Completion, notice_text
from hermes_core.tools.shell.process_table import ProcessTable


class SessionRollbacks:
    """Checkpoints of one session, for its tools and for its commands."""

    def __init__(
        self, store: CheckpointStore, session_id: str, journal: Journal, *, enabled: bool
    ) -> None:
        self._store = store
        self._session_id = session_id
        self._journal = journal
        self.port = SessionCheckpoints(
            store,
            session_id=session_id,
            on_created=self._created,
            enabled=enabled,
        )

    def new_step(self) -> None:
        """Another step begins: folders may be snapshotted again."""
        self.port.new_step(self._journal.turn_id or "")

    async def restore(self, checkpoint_id: str, *, path: str | None = None) -> list[str]:
        """Bring files back; returns their paths. Raises HermesError."""
        return await self._store.restore(checkpoint_id, path=path, session_id=self._session_id)

    async def turn_of(self, checkpoint_id: str) -> str:
        """The turn a checkpoint was taken in, empty if none. Raises HermesError."""
        return (await self._store.find(checkpoint_id)).turn_id

    def _created(self, checkpoint: Checkpoint) -> None:
        self._journal.emit(
            CheckpointCreated(
                checkpoint_id=checkpoint.id,
                directory=checkpoint.directory,
                cause=checkpoint.cause[:300],
            )
        )


def tool_families(
    live: Callable[[], Session], journal: Journal, redactor: Redactor
) -> dict[type[Any], Any]:
    """One instance of each tool family's own service, background news wired to the session."""
    made: dict[type[Any], Any] = {kind: kind() for kind in session_services()}
    made[Redactor] = redactor
    table = made.get(ProcessTable)
    if isinstance(table, ProcessTable):
        tasks: set[asyncio.Task[Any]] = set()

        def tell(text: str) -> None:
            """Hand news to the model as a queued message, shown as any other."""
            task = asyncio.create_task(
                live().send(Submit(text=text, mode="queue", client="process"))
            )
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        def started(process: BackgroundProcess) -> None:
            label = redactor.redact(process.command)[:300]
            journal.emit(BackgroundStarted(task_id=process.process_id, kind="process", label=label))

        def ended(process: BackgroundProcess) -> None:
            code = process.exit_code
            status = "ended" if code is None else f"exit {code}"
            journal.emit(BackgroundFinished(task_id=process.process_id, status=status))

        def finished(completion: Completion) -> None:
            tell(notice_text(completion))

        table.on_started = started
        table.on_ended = ended
        table.on_watch = lambda notice: tell(notice_text(notice))
        table.on_finished = finished
    return made
