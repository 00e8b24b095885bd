"""The scripted server as a process: `python -m tests.fakes.model_server script.json`.

Prints its address with `/v1` as its first line and serves until it is terminated.
The script is a JSON list of steps (`script.from_json`). `POST /_script/release`
with `{"name": …}` opens a gate, `POST /_script/add` appends `{"steps": […]}`,
`GET /_script/state` tells what came and what is left.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from pathlib import Path

from tests.fakes.model_server.script import from_json
from tests.fakes.model_server.server import ModelServer


async def _serve(script: Path, port: int, api_key: str | None) -> None:
    steps = from_json(json.loads(await asyncio.to_thread(script.read_text)))
    server = await ModelServer(
        steps, api_key=api_key, extra_fields=("reasoning", "provider", "options")
    ).start(port)
    print(server.base_url, flush=True)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await server.aclose()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.model_server")
    parser.add_argument("script", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--api-key")
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.script, arguments.port, arguments.api_key))


if __name__ == "__main__":
    main()
