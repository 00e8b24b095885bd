"""The program at the far end of a real SSH connection, inside a real tmux."""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.conftest import Machine
from tests.e2e.pty_screen import PtyProgram
from tests.fakes.model_server.script import Call, Reply, say
from tests.fakes.model_server.server import ModelServer
from tests.support import until

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
FOCUS_IN, FOCUS_OUT = "\x1b[I", "\x1b[O"

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.service("sshd"),
    pytest.mark.skipif(
        SSHD is None or os.getuid() != 0 or not (shutil.which("ssh") and shutil.which("tmux")),
        reason="needs sshd, ssh and tmux, and to be root for a log-in of its own",
    ),
]


@dataclass(frozen=True, slots=True)
class FarEnd:
    """An SSH server with keys of its own, and a tmux nobody else uses."""

    port: int
    keys: Path
    tmux: str

    def ssh(self, command: str) -> list[str]:
        """The words that run a command over there, on a terminal."""
        options = {
            "IdentityFile": str(self.keys / "user"),
            "IdentitiesOnly": "yes",
            "UserKnownHostsFile": str(self.keys / "known"),
            "StrictHostKeyChecking": "yes",
        }
        words = [f"-o{name}={value}" for name, value in options.items()]
        return ["ssh", "-F", "/dev/null", "-tt", *words, "-p", str(self.port), "127.0.0.1", command]

    async def tell_tmux(self, *words: str) -> None:
        """Give tmux a command."""
        process = await asyncio.create_subprocess_exec("tmux", "-L", self.tmux, *words)
        assert await process.wait() == 0

    async def until_focused(self, wanted: bool) -> None:
        """Wait until tmux knows whether its terminal is looked at, and has told the program."""
        words = ["tmux", "-L", self.tmux, "list-clients", "-F", "#{client_flags}"]
        flags = ""
        async with asyncio.timeout(20):
            while not flags or ("focused" in flags) is not wanted:
                process = await asyncio.create_subprocess_exec(*words, stdout=subprocess.PIPE)
                flags = (await process.communicate())[0].decode()


@asynccontextmanager
async def far_end(keys: Path) -> AsyncIterator[FarEnd]:
    """Start the server; everything it needs is thrown away."""
    assert SSHD is not None, "skipped without it"
    port = await asyncio.to_thread(_make_keys, keys)
    server = await asyncio.create_subprocess_exec(
        SSHD, "-D", "-e", "-f", "/dev/null", "-p", str(port), "-h", str(keys / "host"),
        "-oListenAddress=127.0.0.1", "-oPidFile=none", "-oStrictModes=no", "-oUsePAM=no",
        f"-oAuthorizedKeysFile={keys / 'user.pub'}", "-oPasswordAuthentication=no",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    made = FarEnd(port, keys, f"hermes-test-{secrets.token_hex(4)}")
    try:
        await until(lambda: _listens(port), timeout_s=20)
        yield made
    finally:
        killer = await asyncio.create_subprocess_exec(
            "tmux", "-L", made.tmux, "kill-server", stderr=subprocess.DEVNULL
        )
        await killer.wait()
        server.terminate()
        await server.wait()


def _make_keys(keys: Path) -> int:
    keys.mkdir(mode=0o755)
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    for name in ("host", "user"):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(keys / name)]
        subprocess.run(words, check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    host = (keys / "host.pub").read_text()
    (keys / "known").write_text(f"[127.0.0.1]:{port} {host}")
    return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def copied(raw: bytes | bytearray, after: int) -> list[str]:
    """The texts of the clipboard sequences the outer terminal got."""
    pieces = bytes(raw[after:]).split(b"\x1b]52;")[1:]
    return [
        base64.b64decode(piece.split(b";", 1)[1].split(b"\x07")[0].split(b"\x1b")[0]).decode()
        for piece in pieces
    ]


@pytest.mark.ac("ssh-tmux")
async def test_the_program_draws_copies_and_notifies_over_ssh_inside_tmux(
    machine: Machine, model_server: ModelServer, tmp_path: Path
) -> None:
    machine.use_server(model_server.base_url)
    model_server.add(say("The notes are in notes.txt."))
    call = Call(name="terminal", arguments={"command": "rm -rf build"})
    model_server.add(Reply(calls=[call], before="go"))
    async with far_end(tmp_path / "keys") as far:
        (tmp_path / "tmux.conf").write_text(
            "set -g focus-events on\n"
            "set -g set-clipboard on\n"
            "set -g allow-passthrough off\n"
            "set -as terminal-features ',xterm*:clipboard'\n"
            "set -g default-terminal tmux-256color\n"
        )
        setting = " ".join(f"{key}={shlex.quote(value)}" for key, value in machine.environ.items())
        program = f"{shlex.quote(sys.executable)} -m hermes_tui"
        command = (
            f"cd {shlex.quote(str(machine.work))} && exec env {setting} tmux -L {far.tmux}"
            f" -f {shlex.quote(str(tmp_path / 'tmux.conf'))} new-session {shlex.quote(program)}"
        )
        terminal = PtyProgram(
            (),
            command=far.ssh(command),
            environ={"PATH": os.environ["PATH"], "HOME": str(machine.home), "LANG": "C.UTF-8"},
            cwd=machine.work,
        )
        async with terminal:
            await terminal.until("● ready", timeout_s=40)
            terminal.type("where are the notes?")
            terminal.press("enter")
            await terminal.until("are in notes.txt.")
            await terminal.until("● ready")

            before = len(terminal.raw)
            terminal.type("/copy ")
            terminal.press("enter")
            await terminal.until("Sent to terminal")
            await until(lambda: any("notes.txt" in t for t in copied(terminal.raw, before)))

            await far.tell_tmux("set", "-g", "set-clipboard", "off")
            await far.tell_tmux("set", "-g", "allow-passthrough", "on")
            before = len(terminal.raw)
            terminal.type("/copy ")
            terminal.press("enter")
            await until(lambda: any("notes.txt" in t for t in copied(terminal.raw, before)))

            await terminal.until("● ready")
            terminal.type(FOCUS_IN)
            await far.until_focused(True)
            terminal.type("clean up")
            terminal.press("enter")
            await until(lambda: len(model_server.requests) == 2, timeout_s=20)
            terminal.type(FOCUS_OUT)
            await far.until_focused(False)
            model_server.gate("go").set()
            await terminal.until(lambda _: b"needs your decision\x07" in terminal.raw)
            assert b"\x1b]9;hermes: " in terminal.raw
