"""Requests that failed are written down: whole, private, masked, and not too many."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import msgspec
import openai  # noqa: F401  imported by the first request else, and that counts as silence
import pytest

from hermes_core.agent.turns.request_dumps import MOST_FILES, request_dumps
from hermes_core.paths import Home
from hermes_core.providers.clients import open_model
from tests.core.agent.host_rig import host_rig, opened, options
from tests.core.agent.test_requests import problem
from tests.core.providers.reach import ask, collect, resolution
from tests.fakes.model_server.script import say
from tests.fakes.model_server.server import ModelServer

KEY = "sk-custom-0123456789abcdefghijkl"
TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ012345"


def only(home: Home) -> tuple[Path, dict[str, Any]]:
    (path,) = request_dumps(home.request_dumps)
    return path, json.loads(path.read_text("utf-8"))


@pytest.mark.ac("request-dump")
async def test_a_refused_request_is_written_down_without_any_key(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(problem(400, "Unknown parameter: 'foo'"))
    wanted = options(home, model_server.base_url)
    wanted = msgspec.structs.replace(wanted, overrides={**wanted.overrides, "model.api_key": KEY})
    async with opened(wanted) as r:
        assert (await r.turn(f"push with {TOKEN}, please")).outcome == "failed"
        session = r.handle.session_id
    path, written = only(home)
    assert path.name.startswith(f"request_dump_{session}_")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert written["failure"]["reason"] == "format_error"
    assert written["failure"]["status"] == 400
    assert "Unknown parameter" in written["failure"]["message"]
    assert written["request"]["url"] == f"{model_server.base_url}/chat/completions"
    body = written["request"]["body"]
    assert body["model"] == "scripted-model"
    assert "push with" in body["messages"][-1]["content"]
    assert body["tools"] == model_server.requests[0].json["tools"]
    for secret in (KEY, TOKEN):
        assert secret not in path.read_text("utf-8")
    assert KEY in model_server.requests[0].key


@pytest.mark.ac("request-dump")
async def test_attempts_that_are_all_lost_are_written_once_and_an_answer_never(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(say("fine"), *(problem(503, "Overloaded") for _ in range(3)))
    async with host_rig(home, model_server) as r:
        await r.turn("hello")
        assert request_dumps(home.request_dumps) == []
        await r.turn("again")
    assert only(home)[1]["attempt"] == 3


@pytest.mark.ac("request-dump")
async def test_a_conversation_that_is_too_long_is_not_written(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(problem(413, "Request Entity Too Large"))
    async with host_rig(home, model_server) as r:
        assert (await r.turn("hello")).outcome == "failed"
    assert request_dumps(home.request_dumps) == []


@pytest.mark.ac("request-dump")
async def test_every_request_is_written_if_wanted_old_ones_go_and_foreign_files_stay(
    home: Home, model_server: ModelServer
) -> None:
    home.request_dumps.mkdir(parents=True)
    foreign = home.request_dumps / "request_dump_20250101_101010_abcdef_20250101_101500_123456.json"
    foreign.write_text("{}")
    for number in range(MOST_FILES + 3):
        old = f"request_dump_s_20250101T101500{number:06}Z.json"
        (home.request_dumps / old).write_text("{}")
    model_server.add(say("one"), say("two"))
    async with host_rig(home, model_server, HERMES_DUMP_REQUESTS="1") as r:
        await r.turn("hello")
        await r.turn("x" * 30_000)
        session = r.handle.session_id
    kept = request_dumps(home.request_dumps)
    assert len(kept) == MOST_FILES
    first, second = (json.loads(path.read_text("utf-8")) for path in kept[-2:])
    assert first["session_id"] == second["session_id"] == session
    assert first["failure"] is None
    assert second["request"]["body"]["messages"][-1]["content"].endswith("(30,000 characters)")
    assert foreign.exists()


@pytest.mark.ac("request-dump")
@pytest.mark.parametrize("mode", ["chat_completions", "anthropic_messages", "codex_responses"])
async def test_what_is_written_is_what_the_wire_sends(mode: str, model_server: ModelServer) -> None:
    model_server.add(say("ok"))
    reached = resolution(model_server.base_url, api_mode=mode)
    model, request = open_model(reached), ask(reached)
    sent = await model.as_sent(request)
    await collect(model, request)
    await model.aclose()
    assert sent.body == model_server.request.json
    assert sent.url == f"{model_server.url}{model_server.request.path}"
