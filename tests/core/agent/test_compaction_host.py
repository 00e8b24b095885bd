"""Long conversations through the composition root, with a model behind HTTP."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from hermes_core.commands import Compact
from hermes_core.events import (
    CompactionFailed,
    CompactionFinished,
    CompactionStarted,
    Notice,
    RequestFinished,
    SessionTitled,
)
from hermes_core.messages import is_summary
from hermes_core.paths import Home
from hermes_core.storage.records import SessionRecord
from hermes_core.storage.store import Store
from tests.core.agent.compaction_rig import SESSION, exchange
from tests.core.agent.host_rig import host_rig, opened, options
from tests.fakes.model_server.script import fail, say
from tests.fakes.model_server.server import ModelServer
from tests.support import until


async def write_down(home: Home, count: int, *, chars: int = 400, left_open: bool = False) -> None:
    """Leave an earlier conversation in the home."""
    store = await Store.open(home)
    await store.create_session(
        SessionRecord(id=SESSION, source="cli", system_prompt="The prompt of the first day.")
    )
    begun = Notice(seq=1, session_id=SESSION, level="info", code="test", text="begun")
    events: list[Any] = [begun]
    if left_open:
        events.append(
            CompactionStarted(seq=2, session_id=SESSION, cause="manual", messages_before=count)
        )
    await store.commit(SESSION, messages=exchange(count, chars=chars), events=events)
    await store.aclose()


def body(server: ModelServer, index: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(server.requests[index].raw)
    return found


@pytest.mark.ac("compaction-triggers")
@pytest.mark.ac("ac-9-1")
@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "This model's maximum context length is 16384 tokens"),
        (413, "Request Entity Too Large"),
        (429, "Extra usage is required for long context"),
    ],
)
async def test_overflow_over_http_is_summarised_and_the_same_request_succeeds(
    home: Home, model_server: ModelServer, status: int, words: str
) -> None:
    await write_down(home, 80, chars=800)
    (home.root / "SOUL.md").write_text("You are the second day.")
    model_server.add(
        fail(status, {"error": {"message": words, "type": "invalid_request_error", "code": None}}),
        say("## Goal\nCount to eighty."),
        say("Here you are."),
    )
    async with opened(options(home, model_server.base_url), SESSION) as r:
        finish = await r.turn("what is next?")
        assert finish.outcome == "completed"
        refused, summing, again = (body(model_server, n) for n in range(3))
        assert refused["messages"][0]["content"] == "The prompt of the first day."
        assert "hand-over notes" in summing["messages"][0]["content"]
        assert "tools" not in summing
        assert again["messages"][0]["content"].startswith("You are the second day.")
        assert "Count to eighty." in json.dumps(again["messages"])
        assert again["messages"][-1]["content"].endswith("what is next?")
        assert [e.purpose for e in r.of(RequestFinished)] == ["compression", "turn"]
        record = await r.host.store.session(SESSION)
        assert record.epoch == 1
        assert record.id == SESSION
        assert (record.system_prompt or "").startswith("You are the second day.")


async def test_resumed_conversation_sends_summary_and_new_prompt(
    home: Home, model_server: ModelServer
) -> None:
    await write_down(home, 60)
    model_server.add(say("The notes."), say("back"))
    async with opened(options(home, model_server.base_url), SESSION) as r:
        assert (await r.handle.send(Compact())).ok
        await until(lambda: r.of(CompactionFinished))
    async with opened(options(home, model_server.base_url), SESSION) as r:
        await r.turn("where were we?")
        sent = body(model_server, 1)["messages"]
        assert len(sent) == 1 + 23
        assert "The notes." in json.dumps(sent)
        assert "first day" not in sent[0]["content"]


async def test_compaction_a_crash_left_open_is_closed_as_failed(
    home: Home, model_server: ModelServer
) -> None:
    await write_down(home, 60, left_open=True)
    async with opened(options(home, model_server.base_url), SESSION) as r:
        (failed,) = r.of(CompactionFailed)
        assert "unchanged" in failed.error
        assert len(await r.host.store.messages(SESSION)) == 60


@pytest.mark.ac("auto-title")
async def test_new_conversation_at_a_screen_is_named(home: Home, model_server: ModelServer) -> None:
    model_server.add(say("Hello there."), say("A friendly greeting"))
    async with host_rig(home, model_server, HERMES_OFFLINE="") as r:
        await r.turn("hello")
        await until(lambda: r.of(SessionTitled))
        assert r.of(SessionTitled)[0].title == "A friendly greeting"
        assert body(model_server, 1)["max_tokens"] == 400


async def test_nothing_is_named_while_calls_nobody_asked_for_are_stopped(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(say("Hello there."), say("again"))
    async with host_rig(home, model_server) as r:
        await r.turn("hello")
        await r.turn("again")
        assert len(model_server.requests) == 2
        assert r.of(SessionTitled) == []


async def test_model_too_small_for_summaries_is_named_at_the_start(
    home: Home, model_server: ModelServer
) -> None:
    wanted = options(home, model_server.base_url)
    small = {"auxiliary.compression.model": "tiny", "auxiliary.compression.context_length": 4_000}
    wanted = msgspec.structs.replace(wanted, overrides={**wanted.overrides, **small})
    async with opened(wanted) as r:
        (notice,) = [e for e in r.of(Notice) if e.code == "session_warning"]
        assert "tiny, set for summaries, reads 4,000 tokens" in notice.text
        assert "auxiliary.compression" in notice.text
        assert "compression.threshold" in notice.text


async def test_demo_model_summarises_by_hand_without_a_model(home: Home) -> None:
    await write_down(home, 60)
    demo = {"model.provider": "demo"}
    wanted = msgspec.structs.replace(options(home, ""), overrides=demo)
    async with opened(wanted, SESSION) as r:
        await r.handle.send(Compact())
        await until(lambda: r.of(CompactionFinished))
        assert r.of(CompactionFinished)[0].degraded
        assert "summary_local" in [e.code for e in r.of(Notice)]
        assert any(is_summary(m) for m in await r.host.store.messages(SESSION))
