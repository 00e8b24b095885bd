"""Commands on this machine: a fresh bash a call, its state kept in private files."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

from hermes_core.errors import Cancelled
from hermes_core.ports import CancelToken
from hermes_core.terminals.base import (
    EXIT_INTERRUPTED,
    EXIT_NO_FOLDER,
    EXIT_TIMEOUT,
    CommandOutcome,
    CommandRequest,
    TerminalOptions,
    TerminalUnavailable,
)
from hermes_core.terminals.capture import Capture
from hermes_core.terminals.child import Child, PseudoTerminal, spawn
from hermes_core.terminals.process_tree import MARK
from hermes_core.terminals.shell_script import CallFiles, call_script, profile_script

_log = logging.getLogger(__name__)

_PROFILE_LIMIT_S = 5.0
_INTERRUPT_REPLY_S = 0.15
_GRACE_S = 1.0
_FOLDER = "hermes-shell-"
_USUAL_FOLDERS = (
    "/opt/homebrew/bin",
    "/opt/homebrew/sbin",
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
)


def open_terminal(options: TerminalOptions) -> LocalTerminal:
    """Return a terminal on this machine.

    Raises:
        TerminalUnavailable: There is no bash.
    """
    shell = find_shell()
    if shell is None:
        raise TerminalUnavailable("no bash was found on this machine", hint="Install bash.")
    return LocalTerminal(options, shell=shell)


def find_shell() -> str | None:
    """Return the path of bash, or None."""
    for candidate in (shutil.which("bash"), "/usr/bin/bash", "/bin/bash"):
        if candidate and Path(candidate).is_file():
            return candidate
    return None


class LocalTerminal:
    """One session's shell state on this machine.

    Args:
        options: Where to start and how much to keep.
        shell: Path of bash.
    """

    name = "local"

    def __init__(self, options: TerminalOptions, *, shell: str) -> None:
        self._options = options
        self._shell = shell
        self._cwd = str(options.cwd)
        self._folder: Path | None = None
        self._state: str | None = None
        self._opened = False
        self._opening = asyncio.Lock()
        self._turn = asyncio.Lock()
        self._leftovers: set[Child] = set()
        self._beside: set[Child] = set()
        """Started in the background, still running."""
        self._in_use = 0
        """Calls between their beginning and their end."""
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def cwd(self) -> str:
        """The folder the next command starts in."""
        return self._cwd

    async def run(
        self,
        request: CommandRequest,
        *,
        timeout_s: float,
        cancel: CancelToken,
        on_output: Callable[[bytes], None],
    ) -> CommandOutcome:
        """Run a command to its end; see `Terminal.run`."""
        interrupted = asyncio.create_task(cancel.wait())
        self._in_use += 1
        try:
            await _acquire(self._turn, interrupted)
            try:
                return await self._run(request, timeout_s, interrupted, on_output)
            finally:
                self._turn.release()
        finally:
            self._in_use -= 1
            interrupted.cancel()

    async def _run(
        self,
        request: CommandRequest,
        timeout_s: float,
        interrupted: asyncio.Task[None],
        on_output: Callable[[bytes], None],
    ) -> CommandOutcome:
        captured = Capture()

        def received(data: bytes) -> None:
            captured.add(data)
            on_output(data)

        await self._open(request, interrupted)
        self._leftovers = {child for child in self._leftovers if child.holds_output}
        folder = request.cwd or self._cwd
        problem = await asyncio.to_thread(self._check_folder, folder)
        if problem:
            captured.add(problem.encode())
            return CommandOutcome(exit_code=EXIT_NO_FOLDER, captured=captured)
        files = await asyncio.to_thread(self._prepare, request.command)
        child = await self._spawn(request, files, folder, received, keep=True)
        waiting = asyncio.create_task(child.wait())
        try:
            done, _ = await asyncio.wait(
                (waiting, interrupted), timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
            if waiting in done:
                await asyncio.to_thread(self._adopt, files, own_folder=request.cwd is None)
                return CommandOutcome(exit_code=waiting.result(), captured=captured)
            child.interrupt()
            ending = self._end(child)
            if interrupted in done:
                await asyncio.wait((waiting,), timeout=_INTERRUPT_REPLY_S)
                return CommandOutcome(
                    exit_code=EXIT_INTERRUPTED, state="interrupted", captured=captured
                )
            await asyncio.wait((ending, interrupted), return_when=asyncio.FIRST_COMPLETED)
            return CommandOutcome(exit_code=EXIT_TIMEOUT, state="timeout", captured=captured)
        except asyncio.CancelledError:
            child.interrupt()
            self._end(child)
            raise
        finally:
            waiting.cancel()
            self._leftovers.add(child)
            self._remove(files)

    async def start(self, request: CommandRequest, *, on_output: Callable[[bytes], None]) -> Child:
        """Start a command on a copy of the state; see `Terminal.start`."""
        self._in_use += 1
        try:
            child = await self._start(request, on_output)
        finally:
            self._in_use -= 1
        self._beside.add(child)
        child.on_finished(lambda: self._beside.discard(child))
        return child

    async def _start(self, request: CommandRequest, on_output: Callable[[bytes], None]) -> Child:
        await self._open(request, None)
        folder = request.cwd or self._cwd
        problem = await asyncio.to_thread(self._check_folder, folder)
        if problem:
            raise TerminalUnavailable(problem)
        files = await asyncio.to_thread(self._prepare, request.command, copy_state=True)
        child = await self._spawn(request, files, folder, on_output, keep=False)
        child.on_finished(lambda: self._remove(files))
        return child

    @property
    def _is_busy(self) -> bool:
        running = any(child.holds_output or child.exit_code is None for child in self._leftovers)
        return bool(self._in_use or self._beside or self._ending) or running

    async def forget(self) -> bool:
        """Begin anew with the next command; see `Terminal.forget`."""
        if self._is_busy:
            return False
        # Taken at once: nothing is between the question above and these locks.
        async with self._turn, self._opening:
            await self._remove_folder()
            self._opened = False
        return True

    async def aclose(self) -> None:
        """End what is left and remove the session files."""
        for child in self._leftovers:
            if child.holds_output or child.exit_code is None:
                self._end(child)
        self._leftovers = set()
        if self._ending:
            await asyncio.wait(self._ending)
        await self._remove_folder()

    async def _remove_folder(self) -> None:
        folder, self._folder, self._state = self._folder, None, None
        if folder is not None:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    # --- one call ---------------------------------------------------------------------

    async def _spawn(
        self,
        request: CommandRequest,
        files: CallFiles,
        folder: str,
        on_output: Callable[[bytes], None],
        *,
        keep: bool,
    ) -> Child:
        terminal = PseudoTerminal() if request.pty else None
        script = call_script(
            files,
            state=self._state if keep else files.state,
            keep=keep,
            whole_state=self._options.persistent,
            tty=terminal.path if terminal else None,
        )
        mark = secrets.token_hex(8)
        starting = asyncio.create_task(
            spawn(
                (self._shell, "--noprofile", "--norc", "-c", script, "bash"),
                environ=_child_environment(request.environ, folder, mark, pty=request.pty),
                cwd=folder,
                mark=mark,
                on_output=on_output,
                with_input=not keep,
                terminal=terminal,
            )
        )
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            starting.add_done_callback(self._end_started)
            raise

    def _end_started(self, starting: asyncio.Task[Child]) -> None:
        if not starting.cancelled() and starting.exception() is None:
            self._end(starting.result())

    async def _open(self, request: CommandRequest, interrupted: asyncio.Task[None] | None) -> None:
        """Once: make the folder, take functions, aliases and variables of the profile."""
        async with self._opening:
            if self._opened:
                return
            await asyncio.to_thread(self._make_folder)
            files = await asyncio.to_thread(self._prepare, "")
            script = profile_script(
                files, whole_state=self._options.persistent, dropped=request.dropped
            )
            mark = secrets.token_hex(8)
            child = await spawn(
                (self._shell, "--noprofile", "--norc", "-c", script, "bash"),
                environ=_child_environment(request.environ, "/", mark, pty=False),
                cwd="/",
                mark=mark,
                on_output=lambda data: None,
            )
            waiting = asyncio.create_task(child.wait())
            others = () if interrupted is None else (interrupted,)
            try:
                await asyncio.wait(
                    (waiting, *others),
                    timeout=_PROFILE_LIMIT_S,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if waiting.done():
                    await asyncio.to_thread(self._adopt, files, own_folder=False)
                elif interrupted is not None and interrupted.done():
                    raise Cancelled
                else:
                    _log.warning("the login profile takes too long and was left out")
                self._opened = True
            finally:
                if not waiting.done():
                    waiting.cancel()
                    self._end(child)
                self._remove(files)

    def _end(self, child: Child) -> asyncio.Task[None]:
        """End a child's tree beside everything else; `aclose` waits for it."""

        async def end() -> None:
            await child.kill(grace_s=_GRACE_S)
            child.release()
            await child.closed()

        task = asyncio.create_task(end(), name=f"end-{child.pid}")
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        return task

    # --- files; called in a thread ----------------------------------------------------

    def _make_folder(self) -> None:
        if self._folder is None:
            parent = Path(self._options.scratch or tempfile.gettempdir())
            _remove_abandoned(parent)
            self._folder = Path(tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-", dir=parent))

    def _check_folder(self, folder: str) -> str:
        """Return what is wrong with a folder; a session whose own is gone moves up."""
        if Path(folder).is_dir():
            return ""
        problem = f"cannot enter {folder}: no such folder\n"
        if folder == self._cwd:
            above = next(parent for parent in Path(folder).parents if parent.is_dir())
            self._cwd = str(above)
            problem += f"The next command starts in {above}\n"
        return problem

    def _prepare(self, command: str, *, copy_state: bool = False) -> CallFiles:
        if self._folder is None:
            raise TerminalUnavailable("this terminal was closed")
        files = CallFiles(str(self._folder / secrets.token_hex(6)))
        for path, text in ((files.command, command), (files.state, "")):
            if path == files.state and copy_state and self._state:
                text = Path(self._state).read_text("utf-8", "surrogateescape")
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(fd, "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(text)
        return files

    def _adopt(self, files: CallFiles, *, own_folder: bool) -> None:
        """Make the state a call left the current one, if it left one."""
        try:
            folder = Path(files.cwd).read_bytes()
        except FileNotFoundError:
            return
        old, self._state = self._state, files.state
        if own_folder:
            self._cwd = os.fsdecode(folder.removesuffix(b"\n")) or self._cwd
        if old:
            Path(old).unlink(missing_ok=True)

    def _remove(self, files: CallFiles) -> None:
        """Take away what is no longer needed; the state stays if it is the current one."""
        for suffix in ("command", "before", "now", "options", "launch", "cwd", "state"):
            path = f"{files.base}.{suffix}"
            if path != self._state:
                with contextlib.suppress(OSError):
                    Path(path).unlink()


def _remove_abandoned(parent: Path) -> None:
    """Remove the folders of programs that were killed before they could."""
    for folder in parent.glob(f"{_FOLDER}*-*"):
        pid = folder.name.removeprefix(_FOLDER).partition("-")[0]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


async def _acquire(lock: asyncio.Lock, interrupted: asyncio.Task[None]) -> None:
    waiting = asyncio.create_task(lock.acquire())
    try:
        await asyncio.wait((waiting, interrupted), return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        await _give_up(lock, waiting)
        raise
    if interrupted.done():
        await _give_up(lock, waiting)
        raise Cancelled


async def _give_up(lock: asyncio.Lock, waiting: asyncio.Task[bool]) -> None:
    if waiting.done():
        lock.release()
    else:
        waiting.cancel()
        await asyncio.wait((waiting,))


def _child_environment(
    environ: Mapping[str, str], folder: str, mark: str, *, pty: bool
) -> dict[str, str]:
    """Return the environment of one call: usual folders on the path, folder, mark."""
    result = dict(environ)
    folders = [entry for entry in result.get("PATH", "").split(":") if entry]
    if "/usr/bin" not in folders:
        folders += [entry for entry in _USUAL_FOLDERS if entry not in folders]
        result["PATH"] = ":".join(folders)
    result["PWD"] = folder
    result[MARK] = mark
    if pty:
        if result.get("TERM", "dumb") == "dumb":
            result["TERM"] = "xterm-256color"
        for name in ("PAGER", "GIT_PAGER"):  # a pager would wait for keys nobody presses
            result.setdefault(name, "cat")
    return result
