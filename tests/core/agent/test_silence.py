"""The core draws nothing and prints nothing, and works where nothing can be printed."""

from __future__ import annotations

import ast
import asyncio
import sys
from pathlib import Path

import msgspec
import pytest

import hermes_core
from hermes_core.events import TurnFinished
from hermes_core.paths import Home
from hermes_core.storage.store import Store
from tests.fakes.model_server.script import Call, Reply, say
from tests.fakes.model_server.server import ModelServer
from tests.fakes.session_node import Options

ROOT = Path(__file__).parents[3]
CORE = Path(hermes_core.__file__).parent
SESSION = "20261122_101500_0000c105"

CLOSED = """
import asyncio, os, sys
os.close(1); os.close(2)
sys.stdout = sys.stderr = None
from pathlib import Path
import msgspec
from hermes_core.commands import Submit
from hermes_core.events import TurnFinished
from hermes_core.host import Host
from tests.fakes.session_node import Options, host_options

async def main(options):
    host = await Host.open(host_options(options))
    handle = await host.open_session(options.session_id)
    await handle.send(Submit(text="go"))
    async for event in handle.events():
        if isinstance(event, TurnFinished):
            break
    await handle.release()
    await host.aclose()

asyncio.run(main(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Options)))
"""


@pytest.mark.ac("ac-20-2")
async def test_core_works_with_its_output_closed(
    home: Home, tmp_path: Path, model_server: ModelServer
) -> None:
    run = Call(name="terminal", arguments={"command": "echo visible | tee ran.txt"})
    model_server.add(Reply(calls=[run]), say("done"))
    options = Options(
        home=str(home.root),
        cwd=str(Path.cwd()),
        session_id=SESSION,
        base_url=model_server.base_url,
        yolo=True,
    )
    file = tmp_path / "options.json"
    await asyncio.to_thread(file.write_bytes, msgspec.json.encode(options))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CLOSED, str(file), cwd=ROOT, stdin=asyncio.subprocess.DEVNULL
    )
    async with asyncio.timeout(60):
        assert await process.wait() == 0
    store = await Store.open(home)
    events = await store.events(SESSION)
    await store.aclose()
    assert [e.outcome for e in events if isinstance(e, TurnFinished)] == ["completed"]
    assert await asyncio.to_thread(Path("ran.txt").read_text) == "visible\n"


@pytest.mark.ac("ac-20-2")
def test_nothing_in_the_core_prints() -> None:
    """`logs.py` alone may name standard error: a log handler stands on it."""
    found = []
    for file in CORE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                name = node.func.id
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                name = f"{node.value.id}.{node.attr}"
            else:
                continue
            if name in ("print", "sys.stdout", "sys.stderr") and file.name != "logs.py":
                found.append(f"{file.relative_to(CORE)}:{node.lineno} {name}")
    assert found == []
