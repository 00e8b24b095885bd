"""A process that was started, and its end.

Not asyncio's own: when a loop ends while it has just made a process, a task of it that
never ran leaves the one that waits for the process waiting for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import threading
from collections.abc import Mapping, Sequence


class Started:
    """Runs a program from now on; a small thread waits for its end.

    Args:
        argv: Program and arguments.
        stdin: File descriptor, or `subprocess.DEVNULL`.
        output: File descriptor of output and errors.
        environ: Its whole environment.
        cwd: Its folder, existing.

    Raises:
        OSError: It could not be started.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        stdin: int,
        output: int,
        environ: Mapping[str, str],
        cwd: str,
    ) -> None:
        self._process = subprocess.Popen(
            list(argv),
            stdin=stdin,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env=dict(environ),
            cwd=cwd,
        )
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[int] = self._loop.create_future()
        name = f"wait-{self.pid}"
        threading.Thread(target=self._watch, name=name, daemon=True).start()

    @property
    def pid(self) -> int:
        """Process id; also the id of its group and session."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """None until the end was told; negative for a signal."""
        return self._ended.result() if self._ended.done() else None

    async def wait(self) -> int:
        """Return the exit code once it ended."""
        return await asyncio.shield(self._ended)

    def _watch(self) -> None:
        code = self._process.wait()
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._end, code)

    def _end(self, code: int) -> None:
        if not self._ended.done():
            self._ended.set_result(code)
