"""Runs one model file with llama.cpp and answers over standard input and output.

A program of its own, started by `worker_process.py` with whatever interpreter has the
library, so it imports nothing of ours. It is a process and no thread because llama.cpp
ends the process it runs in when something is badly wrong, and because its memory is
given back whole when it ends.

Lines of JSON in:  {"path", "window", "threads"}  once, then
                   {"id": N, "body": {…}}  a chat-completions request,  {"stop": N}
Lines of JSON out: {"ready": true}  or  {"failed": "library" | "file", "text": "…"},  then
                   {"id": N, "data": {…}}  one chunk,  {"id": N, "end": true}
It ends when its standard input does.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
import tempfile
import threading
from typing import Any, TextIO

_LONGEST_SOCKET_PATH = 90
_BATCH_ON_PROCESSOR = 128
"""Tokens of the prompt read at once; a request can be given up between two batches."""


class Worker:
    """Answers requests with a loaded model.

    Args:
        server: llama.cpp's server; it may be asked by several threads.
        out: Where lines go.
    """

    def __init__(self, server: Any, out: TextIO) -> None:
        self._server = server
        self._out = out
        self._lock = threading.Lock()
        self._stopped: set[int] = set()

    def say(self, **line: Any) -> None:
        """Write one line."""
        with self._lock:
            self._out.write(json.dumps(line) + "\n")
            self._out.flush()

    def stop(self, number: int) -> None:
        """Give a request up at its next chunk."""
        self._stopped.add(number)

    def begin(self, number: int, body: dict[str, Any]) -> None:
        """Answer a request in a thread of its own."""
        threading.Thread(target=self._answer, args=(number, body), daemon=True).start()

    def _answer(self, number: int, body: dict[str, Any]) -> None:
        def take(chunk: dict[str, Any]) -> bool:
            if number in self._stopped:
                return True
            self.say(id=number, data=chunk)
            return False

        try:
            self._server.handle_chat_completions(body, take)
        except Exception as error:  # noqa: BLE001  the library raises what C++ throws
            text = str(error) or type(error).__name__
            self.say(id=number, data={"error": {"code": 400, "message": text}})
        self.say(id=number, end=True)
        self._stopped.discard(number)


def load(library: Any, path: str, window: int, threads: int | None) -> Any:
    """Load the model.

    The library opens a listener whether one wants it or not. It gets a socket in a folder
    of our own that is gone once the model is loaded, and a key nobody knows.
    """
    folder = tempfile.mkdtemp(prefix="hermes-llama-")
    if len(folder) > _LONGEST_SOCKET_PATH:
        shutil.rmtree(folder)
        folder = tempfile.mkdtemp(prefix="hermes-llama-", dir="/tmp")
    params = library.CommonParams()
    params.model.path = path
    params.n_ctx = window
    params.n_parallel = 1
    params.use_jinja = True
    params.warmup = False
    params.ui = False
    params.hostnames = [os.path.join(folder, "llama.sock")]  # noqa: PTH118  no need of pathlib here
    params.api_keys = [secrets.token_hex(32)]
    if not any("GPU" in str(device.get("type")) for device in library.get_device_info()):
        params.n_batch = _BATCH_ON_PROCESSOR
    if threads:
        params.cpuparams.n_threads = threads
        params.cpuparams_batch.n_threads = threads
    try:
        return library.Server(params)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Load the model that the first line names, then answer until the input ends."""
    # Some of llama.cpp's messages go to standard output; ours must stay readable.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    wanted = json.loads(sys.stdin.readline())
    worker = Worker(None, out)
    try:
        import xllamacpp  # only this process needs it
    except ImportError as error:
        worker.say(failed="library", text=str(error))
        return
    try:
        server = load(xllamacpp, wanted["path"], wanted["window"], wanted["threads"])
    except (RuntimeError, OSError, ValueError, MemoryError) as error:
        worker.say(failed="file", text=str(error))
        return
    worker = Worker(server, out)
    worker.say(ready=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if "stop" in asked:
            worker.stop(asked["stop"])
        else:
            worker.begin(asked["id"], asked["body"])
    # Threads may be inside of the library: nothing is left to be tidied.
    os._exit(0)


if __name__ == "__main__":
    main()
