"""A whole conversation on the Responses wire: thinking survives tools and reopening."""

from __future__ import annotations

import dataclasses

import pytest

from hermes_core.host import HostOptions
from hermes_core.paths import Home
from tests.core.agent.host_rig import opened, options
from tests.fakes.model_server.script import Call, Reply, say
from tests.fakes.model_server.server import ModelServer


def _options(home: Home, server: ModelServer) -> HostOptions:
    usual = options(home, server.base_url, toolsets=("todo",), api_mode="codex_responses")
    return dataclasses.replace(
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
