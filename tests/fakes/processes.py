"""Starting and talking to the helper processes of a test, and ending them for sure."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import sys
from pathlib import Path
from typing import Any

import msgspec

from hermes_core.commands import CoreCommand, encode_command
from hermes_core.events import CoreEvent, decode_event
from tests.fakes.session_node import Options
from tests.support import until

ROOT = Path(__file__).parents[2]


class Node:
    """A `session_node` and all it has said."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.is_owner = False
        self.is_open = False
        self.events: list[CoreEvent] = []
        self.replies: list[dict[str, Any]] = []
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, options: Options, folder: Path) -> Node:
        """Start it and wait until its conversation is open."""
        node = await cls.launch(options, folder)
        await until(lambda: node.is_open or node.process.returncode is not None, timeout_s=30)
        assert node.is_open, f"the process ended with {node.process.returncode}"
        return node

    @classmethod
    async def launch(cls, options: Options, folder: Path) -> Node:
        """Start it without waiting."""
        file = folder / f"{options.client}-{secrets.token_hex(3)}.json"
        file.write_bytes(msgspec.json.encode(options))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.fakes.session_node", str(file),
            cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            start_new_session=True, limit=2**26,
        )  # fmt: skip
        return cls(process)

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            data = json.loads(line)
            if "reply" in data:
                self.replies.append(data["reply"])
            elif "open" in data:
                self.is_owner, self.is_open = data["is_owner"], True
            else:
                self.events.append(decode_event(line))

    async def send(self, command: CoreCommand) -> dict[str, Any]:
        """Ask and wait for the reply."""
        before = len(self.replies)
        self.post(command)
        await until(lambda: len(self.replies) > before)
        return self.replies[before]

    def post(self, command: CoreCommand) -> None:
        """Ask without waiting."""
        assert self.process.stdin is not None
        self.process.stdin.write(encode_command(command) + b"\n")

    def of(self, *kinds: type) -> list[Any]:
        """The events of some kinds, in order."""
        return [e for e in self.events if isinstance(e, kinds)]

    def kill(self) -> None:
        """End it as a power cut would: nothing is written down any more."""
        os.kill(self.process.pid, signal.SIGKILL)

    async def aclose(self) -> None:
        """Let it end by itself, or end it."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            async with asyncio.timeout(60):
                await self.process.wait()
        except TimeoutError:
            self.kill()
            await self.process.wait()
        await self._reader
