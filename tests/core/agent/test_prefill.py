"""Messages of the person's own before each conversation, and reminders to act."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from hermes_core.agent.sessions.prompt import ACT, FAMILY_HINTS, PromptFacts, build_prompt
from hermes_core.events import Notice
from hermes_core.paths import Home
from tests.core.agent.host_rig import host_rig
from tests.fakes.model_server.script import say
from tests.fakes.model_server.server import ModelServer
from tests.support import until

EXAMPLE = [
    {"role": "user", "content": "What is two and two?"},
    {"role": "assistant", "content": "Four."},
]


@pytest.mark.ac("prefill")
async def test_own_messages_stand_before_the_history_of_each_request_and_are_not_kept(
    home: Home, model_server: ModelServer
) -> None:
    home.root.mkdir(parents=True, exist_ok=True)
    (home.root / "examples.json").write_text(json.dumps(EXAMPLE))
    model_server.add(say("one"), say("two"))
    async with host_rig(home, model_server, HERMES_PREFILL_MESSAGES_FILE="examples.json") as r:
        await r.turn("hello")
        await r.turn("and?")
        kept = await r.host.store.messages(r.handle.session_id)
    first, second = (request.json["messages"][1:] for request in model_server.requests)
    assert first == [*EXAMPLE, {"role": "user", "content": "hello"}]
    assert second[: len(first)] == first
    assert [message.content for message in kept] == ["hello", "one", "and?", "two"]


@pytest.mark.ac("prefill")
@pytest.mark.parametrize("written", ["", "{}", '[{"role": "system", "content": "x"}]', None])
async def test_a_file_that_holds_no_messages_is_told_and_left_out(
    home: Home, model_server: ModelServer, tmp_path: Path, written: str | None
) -> None:
    file = tmp_path / "examples.json"
    if written is not None:
        file.write_text(written)
    model_server.add(say("one"))
    async with host_rig(home, model_server, HERMES_PREFILL_MESSAGES_FILE=str(file)) as r:
        await until(lambda: r.of(Notice))
        assert str(file) in r.of(Notice)[0].text
        assert "JSON list" in r.of(Notice)[0].text
        assert (await r.turn("hello")).outcome == "completed"
    assert len(model_server.request.json["messages"]) == 2


@pytest.mark.ac("act-reminder")
@pytest.mark.parametrize(
    ("model", "enforcement", "reminded"),
    [
        ("openai/gpt-5.2", "auto", True),
        ("gemini-3-pro", "auto", True),
        ("claude-sonnet-4-5", "auto", False),
        ("claude-sonnet-4-5", True, True),
        ("gpt-5", False, False),
        ("qwen3-coder", ["Qwen"], True),
        ("gpt-5", ["qwen"], False),
    ],
)
def test_models_that_tend_to_talk_are_reminded_to_act(
    home: Home, model: str, enforcement: bool | str | Sequence[str], reminded: bool
) -> None:
    def prompt(*tools: str) -> str:
        facts = PromptFacts(
            home=home,
            cwd=Path("/nowhere"),
            tool_names=tools,
            model=model,
            provider="p",
            enforcement=enforcement,
            today=dt.date(2026, 11, 28),
        )
        return build_prompt(facts).text

    assert (ACT in prompt("terminal")) is reminded
    assert ACT not in prompt()  # nothing to act with
    hints = [text for parts, text in FAMILY_HINTS.items() if any(p in model for p in parts)]
    assert all((text in prompt("terminal")) is reminded for text in hints)
