"""The context size that each kind of local server really serves.

The answers are written from the vendors' documentation: LM Studio REST API (`/api/v1/models`),
Ollama API (`/api/ps`, `/api/show`), llama.cpp server README (`/props`), vLLM and SGLang
OpenAI-compatible lists (`max_model_len`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from hermes_core.config.schema import Settings
from hermes_core.config.secrets import Secrets
from hermes_core.providers.clients import open_model
from hermes_core.providers.facts.local_windows import local_window
from hermes_core.providers.facts.model_catalogue import ModelCatalogue
from hermes_core.providers.resolve import resolve
from tests.fakes.listener import FakeListener, listing

Answers = Mapping[str, tuple[int, object]]

LM_STUDIO: Answers = {
    "/v1/models": (200, listing("m", "other")),
    "/api/v1/models": (
        200,
        {
            "models": [
                {"key": "other", "loaded_instances": [], "max_context_length": 4_096},
                {
                    "type": "llm",
                    "key": "m",
                    "loaded_instances": [{"id": "m", "config": {"context_length": 16_384}}],
                    "max_context_length": 131_072,
                },
            ]
        },
    ),
}
LM_STUDIO_UNLOADED: Answers = {
    **LM_STUDIO,
    "/api/v1/models": (
        200,
        {"models": [{"key": "m", "loaded_instances": [], "max_context_length": 131_072}]},
    ),
}
GGUF = {"general.architecture": "llama", "llama.context_length": 131_072}
OLLAMA: Answers = {
    "/v1/models": (200, listing("m")),
    "/api/tags": (200, {"models": [{"name": "m"}]}),
    "/api/ps": (200, {"models": [{"name": "m", "model": "m", "context_length": 4_096}]}),
    "/api/show": (200, {"parameters": "stop x", "model_info": GGUF}),
}
OLLAMA_MODELFILE: Answers = {
    **OLLAMA,
    "/api/ps": (200, {"models": []}),
    "/api/show": (200, {"parameters": "temperature 1\nnum_ctx 32768", "model_info": GGUF}),
}
OLLAMA_UNLOADED: Answers = {**OLLAMA, "/api/ps": (200, {"models": []})}
LLAMA_CPP: Answers = {
    "/v1/models": (200, listing("m")),
    "/props": (200, {"default_generation_settings": {"n_ctx": 8_192}, "total_slots": 1}),
}
VLLM: Answers = {"/v1/models": (200, {"data": [{"id": "m", "max_model_len": 24_576}]})}
SGLANG: Answers = {
    "/v1/models": (200, {"data": [{"id": "m", "owned_by": "sglang", "max_model_len": 40_960}]})
}


@pytest.mark.ac("prov-11-3")
@pytest.mark.parametrize(
    ("answers", "window"),
    [
        (LM_STUDIO, 16_384),
        (LM_STUDIO_UNLOADED, 131_072),
        (OLLAMA, 4_096),
        (OLLAMA_MODELFILE, 32_768),
        (OLLAMA_UNLOADED, 131_072),
        (LLAMA_CPP, 8_192),
        (VLLM, 24_576),
        (SGLANG, 40_960),
        ({"/v1/models": (200, listing("m"))}, 128_000),
    ],
    ids=["lm-studio", "not-loaded", "ollama", "modelfile", "gguf", "llama.cpp", "vllm", "sglang",
         "unknown"],
)  # fmt: skip
async def test_the_window_a_local_server_serves_is_read_wherever_it_tells_it(
    tmp_path: Path, answers: Answers, window: int
) -> None:
    catalogue = ModelCatalogue(lambda: tmp_path, public=False, endpoints=True)
    async with FakeListener(answers) as server:
        here = {"base_url": f"{server.url}/v1", "default": "m", "api_key": "sk-of-this-server"}
        settings = Settings.model_validate({"model": here})
        reached = resolve(settings, Secrets({}, {}), windows=catalogue)
        model = open_model(reached)
        await model.served_models()  # imports the client, which may take a while
        await catalogue.learn(reached, model)
        await model.aclose()
        found = resolve(settings, Secrets({}, {}), windows=catalogue)
    assert found.runtime.window_tokens == window


@pytest.mark.ac("prov-11-3")
@pytest.mark.parametrize(
    "answer", [(500, {}), (200, b"<html>"), (200, []), (200, {"models": 1}), (200, {"models": [1]})]
)
async def test_what_cannot_be_read_is_no_size(answer: tuple[int, object]) -> None:
    paths = ("/api/v1/models", "/api/ps", "/api/show", "/props", "/v1/props")
    async with FakeListener(dict.fromkeys(paths, answer)) as server:
        assert await local_window(f"{server.url}/v1", "m") is None
    assert await local_window("http://127.0.0.1:9/v1", "m") is None
