"""A whole conversation on the Responses wire: thinking survives tools and reopening."""

from __future__ import annotations

import msgspec
import pytest

from hermes_core.host import HostOptions
from hermes_core.paths import Home
from tests.core.agent.host_rig import opened, options
from tests.fakes.model_server.script import Call, Reply, say
from tests.fakes.model_server.server import ModelServer


def _options(home: Home, server: ModelServer) -> HostOptions:
    usual = options(home, server.base_url, toolsets=("todo",), api_mode="codex_responses")
    return msgspec.structs.replace(
        usual,
        environ={**usual.environ, "HERMES_OFFLINE": "1"},
        overrides={**usual.overrides, "model.default": "gpt-5"},
    )


@pytest.mark.ac("responses-turn")
async def test_sealed_thinking_is_kept_with_its_message_and_sent_again(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(
        Reply(reasoning=["First look."], calls=[Call(name="todo", id="c1")]),
        Reply(reasoning=["Now answer."], text=["Nothing to do."]),
        say("You are welcome."),
    )
    async with opened(_options(home, model_server)) as rig:
        session_id = rig.handle.session_id
        assert (await rig.turn("what is there to do?")).outcome == "completed"
    async with opened(_options(home, model_server), session_id) as rig:
        assert (await rig.turn("thanks")).outcome == "completed"
    sent = model_server.request.json["input"]
    assert [one.get("type", one.get("role")) for one in sent] == [
        "user",
        "reasoning",
        "function_call",
        "function_call_output",
        "reasoning",
        "assistant",
        "user",
    ]
    assert [one["encrypted_content"] for one in sent if one.get("type") == "reasoning"] == [
        "sealed:11",
        "sealed:11",
    ]


@pytest.mark.ac("ac-9-1-thinking")
async def test_thinking_that_cannot_be_verified_is_left_out_and_asked_again_at_once(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(Reply(reasoning=["Hm."], text=["Hello."]))
    async with opened(_options(home, model_server)) as rig:
        session_id = rig.handle.session_id
        await rig.turn("hello")
    # Another organisation behind the same address: it has never sealed anything.
    stranger = await ModelServer([say("Still here.")], expect_refusals=True).start()
    async with opened(_options(home, stranger), session_id) as rig:
        assert (await rig.turn("and now?")).outcome == "completed"
        assert rig.clock.slept == []
    await stranger.aclose()
    stranger.assert_done()
    first, second = (one.json["input"] for one in stranger.requests)
    assert [one.get("type", one.get("role")) for one in first] == [
        "user",
        "reasoning",
        "assistant",
        "user",
    ]
    assert second == [one for one in first if one.get("type") != "reasoning"]
