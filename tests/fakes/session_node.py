"""A door in a process of its own: `python -m tests.fakes.session_node options.json`.

Opens one conversation on the scripted model server. Commands come as JSON lines on
standard input, everything that happens goes out as JSON lines: `{"open": …}` first,
then events as they are and `{"reply": …}` for each command.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from hermes_core.commands import decode_command
from hermes_core.events import encode_event
from hermes_core.host import Host, HostOptions
from hermes_core.paths import Home


class Options(msgspec.Struct, kw_only=True):
    """What the test wants of the process."""

    home: str
    cwd: str
    session_id: str
    base_url: str
    client: str = "node"
    yolo: bool = False
    from_seq: int = 0
    toolsets: tuple[str, ...] = ("terminal",)


def host_options(options: Options) -> HostOptions:
    """The same host in a test and in its helper process."""
    home = Home(Path(options.home))
    return HostOptions(
        home=home,
        environ={
            "HOME": str(home.root.parent),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HERMES_OFFLINE": "1",
        },
        cwd=Path(options.cwd),
        overrides={
            "model.provider": "custom",
            "model.base_url": options.base_url,
            "model.default": "scripted-model",
        },
        client=options.client,
        yolo=options.yolo,
        toolsets=options.toolsets,
    )


def _say(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


async def _main(options: Options) -> None:
    host = await Host.open(host_options(options))
    handle = await host.open_session(options.session_id)
    _say(json.dumps({"open": handle.session_id, "is_owner": handle.is_owner}).encode())

    async def listen() -> None:
        async for event in handle.events(options.from_seq):
            _say(encode_event(event))

    listener = asyncio.create_task(listen())
    reader = asyncio.StreamReader(limit=2**26)
    protocol: Any = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    while line := await reader.readline():
        reply = await handle.send(decode_command(line))
        _say(b'{"reply": ' + msgspec.json.encode(reply) + b"}")
    await handle.release()
    await host.aclose()
    await listener


if __name__ == "__main__":
    asyncio.run(_main(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Options)))
