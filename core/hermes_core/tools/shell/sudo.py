"""Commands with `sudo`: the person's password reaches sudo alone, through a socket.

Where a `sudo` stands as a command word it becomes `sudo -A`, and the helper that sudo
then starts reads the password from a socket in a private folder, once for each `sudo`.
So it is never an argument, never in a file, never in the environment and never in the
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
from collections.abc import AsyncIterator, Mapping
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
            self._password = await _ask(ctx, command) or None
            if self._password is not None:
                redactor_of(ctx).learn(self._password)
        return self._password

    def forget(self) -> None:
        """It was wrong: the next command asks again."""
        self._password = None

    async def aclose(self) -> None:
        """Forget it with the session."""
        self.forget()


async def _ask(ctx: ToolContext, command: str) -> str | None:
    shown = redactor_of(ctx).redact(command.strip())[:300]
    try:
        return await ctx.questions.password(
            f"sudo asks for your password, to run: {shown}", timeout_s=ASK_TIMEOUT_S
        )
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
    password = await ctx.service(SudoPasswords).password(ctx, command)
    if password is None:
        yield unchanged
        return
    folder = await asyncio.to_thread(_make_helper)
    try:
        server = await asyncio.start_unix_server(
            partial(_hand_over, password), path=folder / "socket"
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


async def _hand_over(password: str, reader: asyncio.StreamReader, writer: Writer) -> None:
    """Give the password to a helper that sudo started, and to nobody else."""
    try:
        pid = _peer_pid(writer.get_extra_info("socket"))
        if await asyncio.to_thread(_is_started_by_sudo, pid):
            writer.write(f"{password}\n".encode())
            await writer.drain()
        else:
            _log.warning("process %s asked for the password of sudo and did not get it", pid)
    except OSError as error:
        _log.info("the password could not be handed to sudo: %s", error)
    finally:
        writer.close()


def _peer_pid(connection: socket.socket) -> int:
    """The process at the other end; 0 where the system does not say."""
    if hasattr(socket, "SO_PEERCRED"):
        raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", raw)[0])
    if sys.platform == "darwin":
        return int(connection.getsockopt(0, _MAC_PEER_PID))
    return 0


def _is_started_by_sudo(pid: int) -> bool:
    """Whether the parent is sudo with the rights that only the real one has."""
    try:
        parent = psutil.Process(pid).parent() if pid else None
        return parent is not None and parent.name() == "sudo" and parent.uids().effective == 0
    except psutil.Error:
        return False
