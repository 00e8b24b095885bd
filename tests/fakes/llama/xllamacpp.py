"""Stands in for the library in the process of a model file: speaks for a scripted server.

Loaded instead of the real one by putting this folder on `PYTHONPATH`. What the real one
does was watched with xllamacpp 2026.10 and a SmolLM2 file, and is done here alike:

- `Server` raises a `RuntimeError` that says nothing; the reason stands on standard error.
- Chunks are dicts, handed to the callback in the thread that asked; a true answer of the
  callback ends the request, and `handle_chat_completions` returns None.
- A refused request is one chunk `{"error": {"code", "message", "type"}}`, and no exception;
  tools that are no list are a `RuntimeError`.
- Something badly wrong ends the whole process (a segmentation fault, status 139).
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from types import SimpleNamespace
from typing import Any


class _Fields(SimpleNamespace):
    """An object that has the fields it was made with and takes no others."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self.__dict__:
            raise AttributeError(name)
        super().__setattr__(name, value)


def CommonParams() -> _Fields:
    """The parameters that are used, with the library's defaults."""
    return _Fields(
        model=_Fields(path=""),
        n_ctx=0,
        n_parallel=-1,
        n_batch=2048,
        use_jinja=True,
        warmup=True,
        ui=True,
        hostnames=["127.0.0.1"],
        api_keys=[],
        cpuparams=_Fields(n_threads=-1),
        cpuparams_batch=_Fields(n_threads=-1),
    )


def get_device_info() -> list[dict[str, Any]]:
    """A machine without a graphics card."""
    return [{"name": "CPU", "type": "GGML_BACKEND_DEVICE_TYPE_CPU"}]


class Server:
    """Answers what the server named in the file beside the model answers."""

    def __init__(self, params: Any) -> None:
        assert params.n_ctx > 0
        assert params.api_keys
        assert params.hostnames[0].endswith(".sock"), "anything else is taken for a host"
        path = Path(params.model.path)
        if path.stat().st_size < 40:
            print("E gguf_init_from_file: failed to read the tensors", file=sys.stderr, flush=True)
            raise RuntimeError("Failed to init server, please check the input params.")
        self._address = path.with_suffix(".address").read_text(encoding="utf-8")

    def handle_chat_completions(
        self, body: dict[str, Any], callback: Callable[[dict[str, Any]], Any]
    ) -> None:
        """Ask the scripted server and hand its chunks on."""
        if not isinstance(body.get("tools", []), list):
            raise RuntimeError("Failed to parse tools")  # noqa: TRY004  as the library does
        request = urllib.request.Request(
            f"{self._address}/chat/completions",
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {os.getpid()}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                for line in response:
                    if line.strip() == b"data: [DONE]":
                        return
                    if line.startswith(b"data: ") and callback(json.loads(line[6:])):
                        return
            os._exit(139)  # cut off by the script
        except urllib.error.HTTPError as error:
            said = json.loads(error.read())
            callback({"error": {**said["error"], "code": error.code}})
        except (HTTPException, OSError):
            os._exit(139)
