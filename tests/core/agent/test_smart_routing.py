"""A cheaper model answers simple messages, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hermes_core.agent.sessions.conversation import Conversation, Input
from hermes_core.agent.turns.simple_turn import SimpleLimits, is_simple
from hermes_core.events import MessageFinished, SessionRuntimeChanged
from hermes_core.messages import Attachment, Message, Runtime, TodoItem, ToolCall
from hermes_core.paths import Home
from tests.core.agent.host_rig import HostRig, opened
from tests.core.agent.test_routes import DOWN, behind, keyed
from tests.fakes.model_server.script import say
from tests.fakes.model_server.server import ModelServer

LIMITS = SimpleLimits()
RUNTIME = Runtime(model="big", provider="custom")


def simple(text: str, *history: Message, **more: Any) -> bool:
    talk = Conversation(runtime=RUNTIME, messages=list(history), todos=more.pop("todos", ()))
    return is_simple([Input("i1", text, **more)], talk, LIMITS)


@pytest.mark.ac("smart-simple")
@pytest.mark.parametrize(
    "text", ["hi", "What is the capital of France?", "Say it in German\nplease", "Thanks!"]
)
def test_a_short_plain_message_at_the_beginning_is_simple(text: str) -> None:
    assert simple(text)


@pytest.mark.ac("smart-simple")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "x" * 161,
        "one " * 29,
        "a\nb\nc",
        "what does `ls` do",
        "see https://example.org",
        "look at @file:a.txt",
        "what is in ~/notes",
        "read src/main",
        "/help me",
        "Debugging is fun",
        "please review this",
        "write a test",
        "optimise it",
        "fix the bug",
    ],
)
def test_what_may_need_work_is_not_simple(text: str) -> None:
    assert not simple(text)


@pytest.mark.ac("smart-simple")
def test_a_short_answer_inside_of_a_conversation_is_not_simple() -> None:
    asked, told = Message(role="user", content="hello"), "Hello."
    call = ToolCall(id="c1", name="terminal")
    assert simple("thanks", asked, Message(role="assistant", content=told))
    for reply in (
        Message(role="assistant", content="I would rename it all. Shall I?"),
        Message(role="assistant", content="", tool_calls=(call,)),
    ):
        assert not simple("yes, do it", asked, reply)
    assert not simple("thanks", *[asked, Message(role="assistant", content=told)] * 3)
    assert not simple("thanks", todos=(TodoItem(id="1", content="step"),))
    assert not simple("what is this?", attachments=(Attachment(path="/a.png"),))
    talk = Conversation(runtime=RUNTIME)
    assert not is_simple([Input("i1", "hi"), Input("i2", "ho")], talk, LIMITS)


@pytest.fixture
async def cheap_server() -> AsyncIterator[ModelServer]:
    server = await ModelServer().start()
    yield server
    await server.aclose()
    server.assert_done()


def routed(cheap: ModelServer, **more: Any) -> dict[str, Any]:
    entry = behind(cheap, model="small")
    return {"smart_model_routing": {"enabled": True, "cheap_model": entry}, **more}


def answers(rig: HostRig) -> list[str]:
    return [e.text for e in rig.of(MessageFinished) if e.role == "assistant"]


@pytest.mark.ac("smart-route")
async def test_simple_turns_go_to_the_cheaper_model_and_the_next_one_comes_back(
    home: Home, model_server: ModelServer, cheap_server: ModelServer
) -> None:
    cheap_server.add(say("from small"))
    model_server.add(say("from big"))
    wanted = keyed(home, model_server, "sk-key-a", **routed(cheap_server))
    async with opened(wanted) as r:
        await r.turn("hello")
        await r.turn("now refactor the module")
        assert answers(r) == ["from small", "from big"]
        changes = [(e.runtime.model, e.cause) for e in r.of(SessionRuntimeChanged)]
        assert changes == [("small", "routing"), ("scripted-model", "restore")]
        # The key of one endpoint never reaches the other.
        assert "sk-key-a" not in str(cheap_server.request.headers)
        record = await r.host.store.session(r.handle.session_id)
        assert record is not None
        assert record.model == "scripted-model"


@pytest.mark.ac("smart-route")
async def test_a_cheaper_model_that_fails_leaves_the_turn_to_the_sessions_own(
    home: Home, model_server: ModelServer, cheap_server: ModelServer
) -> None:
    cheap_server.add(DOWN, DOWN, DOWN)
    model_server.add(say("from big"))
    wanted = keyed(home, model_server, "sk-key-a", **routed(cheap_server))
    async with opened(wanted) as r:
        assert (await r.turn("hello")).outcome == "completed"
        assert answers(r)[-1] == "from big"


@pytest.mark.ac("smart-route")
@pytest.mark.parametrize(
    "change",
    [
        {"smart_model_routing.enabled": False},
        {"smart_model_routing.cheap_model": {"provider": "openai", "model": "gpt-5-nano"}},
        {"smart_model_routing.max_simple_chars": 3},
        {"smart_model_routing.max_simple_words": 1},
    ],
    ids=["off", "no key", "characters", "words"],
)
async def test_the_sessions_own_model_answers_where_the_route_is_off_or_broken(
    home: Home, model_server: ModelServer, cheap_server: ModelServer, change: dict[str, Any]
) -> None:
    model_server.add(say("from big"))
    settings = routed(cheap_server)["smart_model_routing"]
    for path, value in change.items():
        settings[path.rpartition(".")[2]] = value
    wanted = keyed(home, model_server, "sk-key-a", smart_model_routing=settings)
    async with opened(wanted) as r:
        await r.turn("hello there")
        assert answers(r) == ["from big"]
        assert r.of(SessionRuntimeChanged) == []


@pytest.mark.ac("smart-route")
async def test_a_cheaper_model_with_a_small_window_is_not_taken(
    home: Home, model_server: ModelServer, cheap_server: ModelServer
) -> None:
    model_server.add(say("from big"))
    providers = {
        "here": {"base_url": model_server.base_url},
        "tiny": {"base_url": cheap_server.base_url, "context_length": 16_000},
    }
    routing = {"enabled": True, "cheap_model": {"provider": "tiny", "model": "small"}}
    wanted = keyed(home, model_server, "sk-key-a", providers=providers, smart_model_routing=routing)
    async with opened(wanted) as r:
        await r.turn("hello there")
        assert answers(r) == ["from big"]
