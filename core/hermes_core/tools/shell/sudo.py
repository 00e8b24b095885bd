"""Commands with `sudo`: the person's password reaches sudo alone, through a socket.

Where a `sudo` stands as a command word it becomes `sudo -A`, and the helper that sudo
then starts reads the password from a socket in a private folder, once for each `sudo`.
A `sudo` that comes back was given a wrong one, and the person is asked again. So it is never an argument, never in a file, never in the environment and never in the
text of the command; a helper that something else than sudo started gets nothing. Words
inside quotes and arguments are left as they are.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shlex
import shutil
import socket
import struct
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeAlias

import psutil
import tree_sitter_bash
from msgspec import Struct
from tree_sitter import Language, Node, Parser

from hermes_core.errors import ToolError
from hermes_core.tools.base import ToolContext
from hermes_core.tools.shell.sessions import redactor_of

_log = logging.getLogger(__name__)

Writer: TypeAlias = asyncio.StreamWriter

ASK_TIMEOUT_S = 45.0
_PROBE_TIMEOUT_S = 5.0
_MAC_PEER_PID = 2
_HELPER = (
    "import socket, sys; end = socket.socket(socket.AF_UNIX); end.connect(sys.argv[1]);"
    " sys.stdout.write(end.makefile().readline())"
)
_BASH = Language(tree_sitter_bash.language())
_WRONG = "incorrect password attempt"


class SudoPasswords:
    """The password of one session, in memory until it ends."""

    def __init__(self) -> None:
        self._password: str | None = None
        self._asking = asyncio.Lock()
        """Two commands with the same wrong password are one question."""

    async def password(self, ctx: ToolContext, command: str) -> str | None:
        """Return the password that is set, known or given now; None to run without one.

        Args:
            ctx: Of the call; its person is asked.
            command: Shown to the person, so that it is clear what the password is for.
        """
        written = ctx.settings.terminal.sudo_password
        if written is not None:
            return written
        if self._password is None:
            await self._learn(ctx, f"sudo asks for your password, to run: {_shown(ctx, command)}")
        return self._password

    async def another(self, ctx: ToolContext, command: str, wrong: str) -> str | None:
        """Return another password than one that was wrong, asked for while the command waits.

        None if the wrong one is the one that is set, or if the person gives none.
        """
        async with self._asking:
            if ctx.settings.terminal.sudo_password is not None:
                return None
            if self._password in (None, wrong):
                text = f"That was not the password. sudo asks again, to run: {_shown(ctx, command)}"
                await self._learn(ctx, text)
            return self._password

    async def _learn(self, ctx: ToolContext, question: str) -> None:
        self._password = await _ask(ctx, question) or None
        if self._password is not None:
            redactor_of(ctx).learn(self._password)

    def forget(self) -> None:
        """It was wrong: the next command asks again."""
        self._password = None

    async def aclose(self) -> None:
        """Forget it with the session."""
        self.forget()


def _shown(ctx: ToolContext, command: str) -> str:
    return redactor_of(ctx).redact(command.strip())[:300]


async def _ask(ctx: ToolContext, question: str) -> str | None:
    try:
        return await ctx.questions.password(question, timeout_s=ASK_TIMEOUT_S)
    except ToolError as error:
        _log.info("nobody was asked for the password of sudo: %s", error)
        return None


class SudoCommand(Struct, frozen=True):
    """A command that is ready to run."""

    text: str
    environ: Mapping[str, str]
    """To be added to the environment of the command."""


def with_askpass(command: str) -> str:
    """Return the command with `sudo -A` for each `sudo` that is a command word."""
    data = command.encode()
    ends = sorted(_sudo_words(Parser(_BASH).parse(data).root_node, data))
    for end in reversed(ends):
        data = data[:end] + b" -A" + data[end:]
    return data.decode()


def _sudo_words(root: Node, data: bytes) -> list[int]:
    """Where each command word `sudo` ends, in bytes; those that say how to ask stay."""
    found, todo = [], [root]
    while todo:
        node = todo.pop()
        todo.extend(node.children)
        if node.type != "command_name":
            continue
        name = data[node.start_byte : node.end_byte]
        following = node.next_sibling
        option = data[following.start_byte : following.end_byte] if following else b""
        says_how = option.startswith(b"-") and bool(set(option) & set(b"AS"))
        if name in (b"sudo", b"/usr/bin/sudo") and not says_how:
            found.append(node.end_byte)
    return found


async def needs_password(environ: Mapping[str, str]) -> bool:
    """Whether sudo is there and would ask now: no rule and no ticket lets it through."""
    program = shutil.which("sudo", path=environ.get("PATH"))
    if program is None:
        return False
    process = await asyncio.create_subprocess_exec(
        *(program, "-n", "true"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env=dict(environ),
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(_PROBE_TIMEOUT_S):
            return await process.wait() != 0
    except TimeoutError:
        process.kill()
        await process.wait()
        return True


@contextlib.asynccontextmanager
async def prepared(
    command: str, ctx: ToolContext, *, local: bool, environ: Mapping[str, str]
) -> AsyncIterator[SudoCommand]:
    """Give a command what its `sudo` needs, and take it away afterwards.

    Without a `sudo`, without a need for a password, on another machine, or when nobody
    gives one, the command is left as it is; sudo then says itself what is missing.

    Args:
        command: As the guard saw it.
        ctx: Of the call.
        local: Whether it runs on this machine.
        environ: The environment it will run in.
    """
    unchanged = SudoCommand(command, {})
    text = with_askpass(command)
    if text == command or not local or not await needs_password(environ):
        yield unchanged
        return
    passwords = ctx.service(SudoPasswords)
    password = await passwords.password(ctx, command)
    if password is None:
        yield unchanged
        return
    folder = await asyncio.to_thread(_make_helper)
    try:
        server = await asyncio.start_unix_server(
            _Counter(password, partial(passwords.another, ctx, command)).serve,
            path=folder / "socket",
        )
        async with server:
            yield SudoCommand(text, {"SUDO_ASKPASS": str(folder / "ask")})
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def note_result(ctx: ToolContext, output: str) -> None:
    """Forget a password that sudo refused."""
    if _WRONG in output:
        ctx.service(SudoPasswords).forget()


def _make_helper() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="hermes-ask-"))
    helper = folder / "ask"
    words = (sys.executable, "-I", "-c", _HELPER, str(folder / "socket"))
    helper.write_text(f"#!/bin/sh\nexec {shlex.join(words)}\n")
    helper.chmod(0o700)
    return folder


class _Counter:
    """Hands the password of one command to its `sudo`.

    Args:
        password: What each `sudo` gets first.
        another: Finds the next one for a `sudo` that refused what it was given.
    """

    def __init__(self, password: str, another: Callable[[str], Awaitable[str | None]]) -> None:
        self._password = password
        self._another = another
        self._given: dict[int, str] = {}
        """By the process of a `sudo`: what it was given last."""

    async def serve(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        """Answer a helper that sudo started, and nobody else."""
        try:
            pid = _peer_pid(writer.get_extra_info("socket"))
            sudo = await asyncio.to_thread(_sudo_that_started, pid)
            if sudo is None:
                _log.warning("process %s asked for the password of sudo and did not get it", pid)
                return
            password = await self._next(sudo)
            if password is not None:
                self._given[sudo] = password
                writer.write(f"{password}\n".encode())
                await writer.drain()
        except OSError as error:
            _log.info("the password could not be handed to sudo: %s", error)
        finally:
            writer.close()

    async def _next(self, sudo: int) -> str | None:
        wrong = self._given.get(sudo)
        return self._password if wrong is None else await self._another(wrong)


def _peer_pid(connection: socket.socket) -> int:
    """The process at the other end; 0 where the system does not say."""
    if hasattr(socket, "SO_PEERCRED"):
        raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", raw)[0])
    if sys.platform == "darwin":
        return int(connection.getsockopt(0, _MAC_PEER_PID))
    return 0


def _sudo_that_started(pid: int) -> int | None:
    """The parent of a process if it is sudo, with the rights that only the real one has."""
    try:
        parent = psutil.Process(pid).parent() if pid else None
        is_sudo = parent is not None and parent.name() == "sudo" and parent.uids().effective == 0
        return parent.pid if parent is not None and is_sudo else None
    except psutil.Error:
        return None
