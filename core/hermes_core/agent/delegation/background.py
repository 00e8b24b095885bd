"""Work beside the conversation: agents of their own, and questions asked on the side.

They live as long as this process has the conversation open. What a crash or an exit
ended is told when the conversation is opened again; see `recovery.py`.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import secrets
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Literal

from hermes_core.agent.delegation.asking_upwards import AskingUpwards
from hermes_core.agent.delegation.employer import Employer, name_of
from hermes_core.agent.delegation.retelling import Retelling
from hermes_core.agent.delegation.worker import Report, Worker
from hermes_core.agent.sessions.errand import Errand
from hermes_core.agent.side.side_question import SideQuestions
from hermes_core.errors import HermesError
from hermes_core.events import BackgroundFinished, BackgroundStarted, fit_text
from hermes_core.messages import clean_text

_RESULT_BYTES = 5_000

_log = logging.getLogger(__name__)


class BackgroundWork:
    """Starts, stops and reports it.

    Args:
        employer: The conversation it was started in.
        side: Answers questions on the side.
    """

    def __init__(self, employer: Employer, side: SideQuestions) -> None:
        self._employer = employer
        self._side = side
        self._stops: dict[str, Callable[[], object]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_busy(self) -> bool:
        """Whether anything runs."""
        return bool(self._stops)

    def spawn(self, prompt: str) -> str:
        """Let an agent of its own work on something; returns its id at once."""
        employer = self._employer
        task_id = self._new_id("bg")
        asker = AskingUpwards(employer.asker, task_id, name_of(prompt))
        plan = employer.plan_with(
            task_id,
            source="background",
            resolution=employer.resolution(),
            errand=Errand(
                kind="root",
                asks=asker,
                is_attended=employer.is_attended,
                policy=employer.policy,
                effort=employer.conversation.effort,
            ),
        )
        worker = Worker(
            lambda: employer.ground.own(plan),
            asker=asker,
            retelling=Retelling(employer.journal, task_id, stores_calls=False),
        )

        async def work() -> None:
            report = Report(status="interrupted", exit_reason="interrupted")
            try:
                report = await worker.run(prompt)
            finally:
                self._finished(task_id, report)
            await worker.closed()

        self._begin(task_id, "prompt", prompt, worker.stop, work())
        return task_id

    def ask(self, question: str) -> str:
        """Answer a question from what was said so far; returns its id at once."""
        task_id = self._new_id("btw")
        answering = self._side.answer(question)  # the history is copied now

        async def work() -> None:
            report = Report(status="interrupted", exit_reason="interrupted")
            try:
                report = Report(
                    status="completed", exit_reason="completed", summary=await answering()
                )
            except HermesError as error:
                report = Report(status="failed", exit_reason="error", error=str(error))
            finally:
                self._finished(task_id, report)

        stop: list[Callable[[], object]] = []
        task = self._begin(task_id, "side", question, lambda: stop[0](), work())
        stop.append(task.cancel)
        return task_id

    def stop(self, task_id: str) -> bool:
        """Stop one; False if it does not run."""
        stop = self._stops.get(task_id)
        if stop is not None:
            stop()
        return stop is not None

    def stop_all(self) -> bool:
        """Stop everything; False if nothing runs."""
        running = list(self._stops)
        for task_id in running:
            self.stop(task_id)
        return bool(running)

    async def aclose(self) -> None:
        """Stop all and wait until it is told and its processes are gone."""
        self.stop_all()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _new_id(self, kind: str) -> str:
        moment = dt.datetime.fromtimestamp(self._employer.ground.clock.time(), dt.UTC)
        return f"{kind}_{moment.astimezone():%H%M%S}_{secrets.token_hex(3)}"

    def _begin(
        self,
        task_id: str,
        kind: Literal["prompt", "side"],
        label: str,
        stop: Callable[[], object],
        work: Coroutine[Any, Any, None],
    ) -> asyncio.Task[None]:
        self._stops[task_id] = stop
        self._employer.journal.emit(
            BackgroundStarted(task_id=task_id, kind=kind, label=fit_text(label.strip(), 1_000))
        )
        task = asyncio.create_task(work, name=f"background {task_id}")
        self._tasks.add(task)
        task.add_done_callback(partial(self._ended, task_id))
        return task

    def _finished(self, task_id: str, report: Report) -> None:
        self._stops.pop(task_id, None)
        self._employer.journal.emit(
            BackgroundFinished(
                task_id=task_id,
                status=report.status,
                summary=fit_text(clean_text(report.words), _RESULT_BYTES),
                result_ref=report.message_id,
            )
        )

    def _ended(self, task_id: str, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task_id in self._stops:  # stopped before it had begun
            self._finished(task_id, Report(status="interrupted", exit_reason="interrupted"))
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("background work broke: %s", error, exc_info=error)
