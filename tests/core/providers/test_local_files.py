"""Model files: read, refused in words, run in a process that comes and goes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from decimal import Decimal
from pathlib import Path

import psutil
import pytest

from hermes_core.config.loader import load_settings
from hermes_core.errors import ConfigError, ProviderError
from hermes_core.messages import Message, Runtime, ToolCall, Usage
from hermes_core.paths import Home
from hermes_core.providers.base import StreamEnd, TextDelta, ToolCallDelta, ToolCallStart
from hermes_core.providers.choosing import Offers
from hermes_core.providers.clients import Models, open_model
from hermes_core.providers.facts.facts import ModelFacts
from hermes_core.providers.facts.pricing import cost_of
from hermes_core.providers.local.gguf import read_model_file, window_of_file
from hermes_core.providers.local.place import LocalPlace
from hermes_core.providers.local.worker_process import WorkerProcess
from hermes_core.providers.resolve import resolve
from hermes_core.providers.wires.local_llama import LocalLlama
from tests.core.providers.reach import TOOL, USER, ask, collect, file_resolution, said
from tests.fakes.model_file import LLAMA_FAKE, PLAIN_TEMPLATE, write_model_file
from tests.fakes.model_server.script import say
from tests.fakes.model_server.server import ModelServer
from tests.support import until


@pytest.fixture(autouse=True)
def scripted_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the processes of model files, and this one, find the library that stands in."""
    monkeypatch.setenv("PYTHONPATH", str(LLAMA_FAKE))
    monkeypatch.syspath_prepend(str(LLAMA_FAKE))


@pytest.fixture
def file(tmp_path: Path, model_server: ModelServer) -> Path:
    model_server.extra_fields |= {"return_progress", "reasoning_content"}
    return write_model_file(tmp_path / "model.gguf", address=model_server.base_url)


@pytest.fixture
async def worker(file: Path) -> AsyncIterator[WorkerProcess]:
    process = WorkerProcess(LocalPlace(path=file, window_tokens=8192), idle_s=0.05)
    yield process
    await process.aclose()


BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": True}


# --- the file ----------------------------------------------------------------------------


@pytest.mark.ac("local-file")
def test_a_header_tells_window_name_and_template(tmp_path: Path) -> None:
    file = write_model_file(tmp_path / "m.gguf", window=4096, template=PLAIN_TEMPLATE)
    facts = read_model_file(file)
    assert (facts.name, facts.window, facts.template) == ("Scripted", 4096, PLAIN_TEMPLATE)
    assert not facts.knows_tools
    assert window_of_file(file) == 4096


@pytest.mark.ac("local-file")
@pytest.mark.parametrize("size", [0, 3, 30, 100, -1])
def test_what_is_no_model_file_is_refused_in_words(tmp_path: Path, size: int) -> None:
    file = tmp_path / "m.gguf"
    if size < 0:
        with pytest.raises(ConfigError, match=r"m\.gguf cannot be read: No such file"):
            read_model_file(file)
        return
    file.write_bytes(write_model_file(tmp_path / "whole.gguf").read_bytes()[:size])
    with pytest.raises(ConfigError, match=r"not a GGUF file|damaged") as caught:
        read_model_file(file)
    assert "--model" in caught.value.hint


def _settings(tmp_path: Path, text: str) -> Home:
    home = Home(tmp_path / "home" / ".hermes")
    home.create()
    home.config_file.write_text(text, encoding="utf-8")
    return home


@pytest.mark.ac("local-file")
def test_settings_name_the_file_its_window_and_its_threads(tmp_path: Path, file: Path) -> None:
    home = _settings(
        tmp_path,
        f"model: {{provider: local, default: {file}, context_length: 2048, threads: 3}}\n",
    )
    loaded = load_settings(home, environ={}, overrides={})
    found = resolve(loaded.settings, loaded.secrets)
    assert found.runtime == Runtime(
        model=str(file), provider="local", api_mode="local", window_tokens=2048
    )
    assert found.local is not None
    assert (found.local.window_tokens, found.local.threads) == (2048, 3)


@pytest.mark.ac("local-file")
def test_a_path_alone_is_enough_and_its_window_is_the_files(tmp_path: Path, file: Path) -> None:
    loaded = load_settings(_settings(tmp_path, "{}\n"), environ={}, overrides={})
    found = resolve(loaded.settings, loaded.secrets, model=str(file))
    assert (found.runtime.provider, found.runtime.window_tokens) == ("local", 8192)


@pytest.mark.ac("local-file")
def test_without_a_file_or_with_a_lost_one_it_says_so(tmp_path: Path) -> None:
    loaded = load_settings(_settings(tmp_path, "{}\n"), environ={}, overrides={})
    with pytest.raises(ConfigError, match="No model file is named"):
        resolve(loaded.settings, loaded.secrets, provider="local")
    with pytest.raises(ConfigError, match=r"gone\.gguf cannot be read"):
        resolve(loaded.settings, loaded.secrets, provider="local", model="/gone.gguf")


class _NoLists:
    """Nothing was fetched."""

    def listed(self, provider: str, base_url: str) -> tuple[ModelFacts, ...]:
        """Know of no model."""
        return ()


@pytest.mark.ac("local-file")
def test_a_conversation_can_be_switched_to_a_file_and_between_files(
    tmp_path: Path, file: Path
) -> None:
    loaded = load_settings(_settings(tmp_path, "{}\n"), environ={}, overrides={})
    before = Runtime(model="demo", provider="demo", api_mode="demo")
    for typed in (str(file), f"local:{file}"):
        wish = Offers(loaded.settings, loaded.secrets, _NoLists(), before).meant(typed)
        assert (wish.provider, wish.model) == ("local", str(file))
    now = Runtime(model=str(file), provider="local", api_mode="local")
    offers = Offers(loaded.settings, loaded.secrets, _NoLists(), now)
    assert next((one.provider, one.model) for one in offers.all()) == ("local", str(file))
    other = write_model_file(tmp_path / "other.gguf")
    assert offers.meant(str(other)).model == str(other)


def test_a_model_file_costs_nothing() -> None:
    runtime = Runtime(model="/m.gguf", provider="local", api_mode="local")
    cost = cost_of(Usage(input_tokens=1_000), runtime)
    assert (cost.amount_usd, cost.status) == (Decimal(0), "included")


def test_two_files_are_two_models(tmp_path: Path) -> None:
    models = Models()
    one, other = (file_resolution(write_model_file(tmp_path / f"{n}.gguf")) for n in "ab")
    assert models.get(one) is models.get(one)
    assert models.get(one) is not models.get(other)


# --- its process -------------------------------------------------------------------------


@pytest.mark.ac("local-process")
async def test_a_library_that_is_missing_is_named_with_its_remedy(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "empty"
    broken.mkdir()
    (broken / "xllamacpp.py").write_text("raise ImportError('no libgomp')\n")
    monkeypatch.setenv("PYTHONPATH", str(broken))
    model = open_model(file_resolution(file))
    with pytest.raises(ConfigError) as caught:
        await collect(model, ask(file_resolution(file)))
    await model.aclose()
    assert "pip install 'hermes-tui[local]'" in caught.value.hint


@pytest.mark.ac("local-process")
async def test_a_file_that_cannot_be_loaded_says_what_the_library_said(tmp_path: Path) -> None:
    file = tmp_path / "m.gguf"
    file.write_bytes(b"GGUF" + b"\3\0\0\0" + b"\0" * 16)
    model = open_model(file_resolution(file))
    with pytest.raises(ProviderError) as caught:
        await collect(model, ask(file_resolution(file)))
    await model.aclose()
    assert (caught.value.reason, caught.value.retryable) == ("model_not_found", False)
    assert "failed to read the tensors" in str(caught.value)
    assert "xllamacpp" in caught.value.hint


@pytest.mark.ac("local-process")
async def test_the_model_leaves_the_memory_when_idle_and_comes_back(
    worker: WorkerProcess, model_server: ModelServer
) -> None:
    model_server.add(say("one"), say("two"))
    assert [one async for one in worker.chunks(BODY)]
    first = worker.process_id
    await until(lambda: worker.process_id is None)
    assert [one async for one in worker.chunks(BODY)]
    assert worker.process_id not in (None, first)


@pytest.mark.ac("local-process")
async def test_a_request_given_up_ends_a_process_that_does_not_react(
    worker: WorkerProcess, model_server: ModelServer
) -> None:
    model_server.add(say("never", before=asyncio.Event()), say("again"))
    reading = asyncio.create_task(_all(worker))
    await until(lambda: model_server.requests)
    process = psutil.Process(worker.process_id)
    reading.cancel()
    async with asyncio.timeout(0.3):
        await asyncio.gather(reading, return_exceptions=True)
    await until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)
    assert await _all(worker)


@pytest.mark.ac("local-process")
async def test_a_model_nobody_waits_for_any_more_leaves_too(worker: WorkerProcess) -> None:
    reading = asyncio.create_task(_all(worker))
    await until(_workers)
    (process,) = _workers()
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)
    await until(lambda: worker.process_id is None)


def _workers() -> list[psutil.Process]:
    return [one for one in psutil.Process().children() if "worker.py" in str(one.cmdline())]


async def _all(worker: WorkerProcess) -> list[bytes]:
    async with aclosing(worker.chunks(BODY)) as chunks:
        return [one async for one in chunks]


@pytest.mark.ac("local-process")
async def test_the_process_ends_with_the_model_and_gets_no_secrets(
    file: Path, model_server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-0123456789")
    model_server.add(say("ok"))
    model = open_model(file_resolution(file))
    assert isinstance(model, LocalLlama)
    await collect(model, ask(file_resolution(file)))
    (child,) = _workers()
    assert "OPENAI_API_KEY" not in child.environ()
    await model.aclose()
    assert not child.is_running()


# --- tools -------------------------------------------------------------------------------


@pytest.mark.ac("local-tools")
async def test_a_template_without_tools_gets_them_in_words(
    tmp_path: Path, model_server: ModelServer
) -> None:
    model_server.extra_fields.add("return_progress")
    file = write_model_file(
        tmp_path / "plain.gguf", address=model_server.base_url, template=PLAIN_TEMPLATE
    )
    written = 'I look.\n<tool_call>{"name": "read_file", "arguments": {"path": "a"}}</tool_call>'
    model_server.add(say(written, pieces=9), say("58 lines."))
    model = open_model(file_resolution(file))
    parts = await collect(model, ask(file_resolution(file), tools=(TOOL,)))
    assert said(parts) == "I look.\n"
    assert [part for part in parts if isinstance(part, ToolCallStart)] == [
        ToolCallStart(0, "", "read_file")
    ]
    assert [json.loads(p.arguments) for p in parts if isinstance(p, ToolCallDelta)] == [
        {"path": "a"}
    ]
    assert parts[-1] == StreamEnd("tool_calls")
    history = (
        USER,
        Message(
            role="assistant",
            content="I look.",
            tool_calls=(ToolCall(id="c1", name="read_file", arguments='{"path": "a"}'),),
        ),
        Message(role="tool", content="58 lines", tool_call_id="c1"),
    )
    await collect(model, ask(file_resolution(file), *history, tools=(TOOL,)))
    await model.aclose()
    first, second = (one.json for one in model_server.requests)
    assert "tools" not in first
    assert '"name": "read_file"' in first["messages"][0]["content"]
    assert [one["role"] for one in second["messages"]] == ["system", "user", "assistant", "user"]
    assert "<tool_response>\n58 lines\n</tool_response>" in second["messages"][3]["content"]


@pytest.mark.ac("local-tools")
async def test_a_template_with_tools_gets_them_as_they_are(
    file: Path, model_server: ModelServer
) -> None:
    written = '[TOOL_CALLS][{"name": "read_file", "arguments": {"path": "a"}}]'
    model_server.add(say(written, pieces=4))
    model = open_model(file_resolution(file))
    parts = await collect(model, ask(file_resolution(file), tools=(TOOL,)))
    await model.aclose()
    assert model_server.request.json["tools"][0]["function"]["name"] == "read_file"
    # Calls that were not made natively are found all the same.
    assert [part.name for part in parts if isinstance(part, ToolCallStart)] == ["read_file"]
    assert not any(part.text for part in parts if isinstance(part, TextDelta))
