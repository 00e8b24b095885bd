"""Threads for blocking calls, which can be given up when a turn is interrupted.

Installed as the loop's default executor, so `asyncio.to_thread` anywhere in the core
runs here. At most `limit` calls run at once. A call whose waiter was cancelled while
it runs becomes a *stray*: it no longer counts against the limit, because its place is
given to a new thread. The tool runner looks at their number and refuses to start
tools while there are too many.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class _Job(Future[Any]):
    """A future that notices being cancelled while it runs."""

    def __init__(self, pool: Workers, work: Callable[[], Any]) -> None:
        super().__init__()
        self.pool = pool
        self.work = work
        self.is_stray = False
        self.is_finished = False

    def cancel(self) -> bool:
        """Cancel, or give the running call up as a stray."""
        cancelled = super().cancel()
        if not cancelled and not self.done():
            self.pool.give_up(self)
        return cancelled


class Workers(ThreadPoolExecutor):
    """See the module. A `ThreadPoolExecutor` by type alone: asyncio insists on one."""

    def __init__(self, limit: int = 32) -> None:
        Executor.__init__(self)
        self._limit = limit
        self._lock = threading.Lock()
        self._jobs: deque[_Job] = deque()
        self._ready = threading.Condition(self._lock)
        self._serving = 0
        self._resting = 0
        self._strays = 0
        self._is_shut = False

    @property
    def strays(self) -> int:
        """Calls still running that nobody waits for."""
        with self._lock:
            return self._strays

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a call in a thread.

        Raises:
            RuntimeError: The pool was shut down.
        """
        job = _Job(self, lambda: fn(*args, **kwargs))
        with self._lock:
            if self._is_shut:
                raise RuntimeError("the workers were shut down")
            self._jobs.append(job)
            if len(self._jobs) <= self._resting:
                # a thread that was told and has not woken yet still counts as resting
                self._ready.notify()
            elif self._serving < self._limit:
                self._start_thread()
        return job

    def give_up(self, job: _Job) -> None:
        """Count a running call as a stray and free its place."""
        with self._lock:
            if job.is_stray or job.is_finished:
                return
            job.is_stray = True
            self._strays += 1
            self._serving -= 1
            if self._jobs and self._serving < self._limit:
                self._start_thread()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let resting threads end. Never waits: strays may never return."""
        with self._lock:
            self._is_shut = True
            if cancel_futures:
                self._jobs.clear()
            self._ready.notify_all()

    def _start_thread(self) -> None:
        self._serving += 1
        threading.Thread(target=self._serve, name="hermes-worker", daemon=True).start()

    def _next(self) -> _Job | None:
        with self._lock:
            while not self._jobs:
                if self._is_shut:
                    self._serving -= 1
                    return None
                self._resting += 1
                self._ready.wait()
                self._resting -= 1
            return self._jobs.popleft()

    def _serve(self) -> None:
        while (job := self._next()) is not None:
            if not job.set_running_or_notify_cancel():
                continue
            try:
                result = job.work()
            except BaseException as error:  # noqa: BLE001  it belongs to the waiter
                self._leave(job)
                job.set_exception(error)
            else:
                self._leave(job)
                job.set_result(result)
            if job.is_stray:
                return

    def _leave(self, job: _Job) -> None:
        with self._lock:
            job.is_finished = True
            if job.is_stray:
                self._strays -= 1
