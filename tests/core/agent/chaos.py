"""Random conversations: what the model does, what the person does meanwhile, what must hold."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from hermes_core.agent.sessions.inbox import Inbox
from hermes_core.agent.sessions.session_route import SessionRoute
from hermes_core.agent.turns.simple_turn import SimpleLimits
from hermes_core.commands import CoreCommand, Interrupt, Submit
from hermes_core.errors import ProviderError
from hermes_core.events import (
    InputAccepted,
    InputState,
    MessageDelta,
    ToolFinished,
    ToolSkipped,
    ToolStarted,
    TurnFinished,
    TurnStarted,
    encode_event,
)
from hermes_core.messages import Message, ToolCall
from hermes_core.paths import Home
from hermes_core.providers.base import TextDelta
from hermes_core.storage.records import SessionRecord
from hermes_core.storage.store import Store
from hermes_core.tools.base import ToolContext
from tests.core.agent.chaos_routes import ONE_PLACE, Doors, Places, check_told, places
from tests.core.agent.rig import FakeTool, Rig, TextArgs, rig
from tests.core.agent.screen_model import ScreenModel
from tests.fakes.clock import FakeClock
from tests.fakes.scripted_provider import ScriptedProvider, Step, calls, text

KINDS = (
    "text", "thinking", "calls", "many", "length", "cut", "overloaded", "refused", "empty",
    "bad_json", "truncated", "unknown", "surrogate", "slow", "limit_in_the_middle",
    "busy", "unpaid", "gone", "unreadable", "signature",
)  # fmt: skip
LATER_S = 7_200.0
"""Longer than a key rests."""

steps = st.lists(st.sampled_from(KINDS), max_size=7)
acts = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.sampled_from(("steer", "queue", "interrupt", "default", "stop", "later")),
    ),
    max_size=5,
)
past_messages = st.builds(
    lambda role, content, ids, call_id: Message(
        role=role,
        content=content,
        tool_calls=tuple(ToolCall(id=i, name="echo") for i in ids) if role == "assistant" else (),
        tool_call_id=call_id if role == "tool" else None,
    ),
    st.sampled_from(["user", "assistant", "tool", "system"]),
    st.sampled_from(["", " ", "text", "lone \ud800", "\x00"]),
    st.lists(st.sampled_from(["a", "b", ""]), max_size=3, unique=True),
    st.sampled_from(["a", "b", "ghost", None]),
)
histories = st.lists(past_messages, max_size=12)
"""What may stand in a history that was written by an older program, or broken."""


@dataclass(frozen=True)
class Play:
    """One random conversation."""

    steps: Sequence[str]
    acts: Sequence[tuple[int, str]]
    past: Sequence[Message] = ()
    """What was said before."""
    places: Places = ONE_PLACE


plays = st.builds(
    Play,
    steps=steps,
    acts=acts,
    past=st.one_of(st.just(()), histories.map(tuple)),
    places=places,
)


def _broken(reason: str, *, retryable: bool = True) -> ProviderError:
    return ProviderError(reason, reason=reason, retryable=retryable)


def _step(kind: str, number: int) -> Step:
    """What the model does; every text it says is unlike every other."""
    word = f"<{number}>"
    table: dict[str, Step] = {
        "text": text(word, " and more."),
        "thinking": text(word, thinking="Let me see."),
        "calls": calls(("echo", {"text": "a"}), ("echo", {"text": "a"}), say=word),
        "many": calls(*(("slow", {"text": f"{number}.{n}"}) for n in range(3))),
        "length": text(word, reason="length"),
        "cut": [TextDelta(word), _broken("cut_stream")],
        "overloaded": _broken("overloaded"),
        "limit_in_the_middle": [TextDelta(f"{word}?"), _broken("rate_limit")],
        "refused": _broken("auth", retryable=False),
        "busy": _broken("rate_limit"),
        "unpaid": _broken("billing", retryable=False),
        "gone": _broken("model_not_found", retryable=False),
        "unreadable": _broken("malformed"),
        "signature": _broken("thinking_signature", retryable=False),
        "empty": text(""),
        "bad_json": calls(("echo", '{"text": oops}'), say=word),
        "truncated": calls(("echo", '{"text": "o')),
        "unknown": calls(("no_such_tool", {}), ("echo", {"text": word})),
        "surrogate": text(f"{word}\ud83d"),
        "slow": calls(("slow", {"text": word})),
    }
    return table[kind]


def _command(act: str, number: int) -> CoreCommand:
    if act == "stop":
        return Interrupt()
    return Submit(text=f"[{number}]", mode=act)  # type: ignore[arg-type]  # one of its words


async def play(
    store: Store,
    home: Home,
    script: Play,
    session_id: str,
    *,
    inbox_type: type[Inbox] = Inbox,
    route_type: type[SessionRoute] = SessionRoute,
) -> None:
    """Play it and check all that must hold."""

    async def slow(args: TextArgs, ctx: ToolContext) -> str:
        for _ in range(5):
            await asyncio.sleep(0)
        ctx.output("stdout", f"{args.text}\n")
        return args.text

    provider = ScriptedProvider(
        *(_step(kind, number) for number, kind in enumerate(script.steps)),
        *(text(f"(rest {number})") for number in range(60)),
    )
    tools = [FakeTool("echo", lambda args, ctx: args.text), FakeTool("slow", slow, parallel="safe")]
    clock = FakeClock()
    doors = Doors(script.places, provider, home, clock, session_id)
    await store.create_session(SessionRecord(id=session_id, source="cli"))
    await store.commit(session_id, messages=script.past)
    async with rig(
        home,
        provider,
        tools=tools,
        store=store,
        session_id=session_id,
        inbox_type=inbox_type,
        clock=clock,
        runtime=doors.runtime,
        route=lambda journal: doors.route(journal, route_type=route_type),
        simple=SimpleLimits(),
    ) as r:
        sent = ["[first]"]
        await r.send(Submit(text=sent[0]))
        for number, (ticks, act) in enumerate(script.acts):
            for _ in range(ticks):
                await asyncio.sleep(0)
            if act == "later":
                clock.now += LATER_S
                continue
            command = _command(act, number)
            if isinstance(command, Submit):
                sent.append(command.text)
            await r.send(command)
        await r.session.wait_idle()
        sent.append("[last]")
        await r.send(Submit(text="[last]"))
        await r.session.wait_idle()
    stored = await store.messages(session_id)
    assert len(stored) >= len(script.past)
    check(r, stored[len(script.past) :], sent)
    check_told(r, doors.runtime)
    assert not doors.problems, doors.problems
    for request in provider.requests:
        check_history(request.messages)


def check(r: Rig, messages: Sequence[Message], sent: Sequence[str]) -> None:
    """What holds of every conversation, whatever happened in it."""
    stored = [e for e in r.events if isinstance(e.seq, int)]
    assert [e.seq for e in stored] == list(range(1, len(stored) + 1))
    # What was said before is told in events too, as well as it can be; it may be broken.
    r.events = [e for e in r.events if not isinstance(e.seq, int) or e.seq > r.began_at]
    stored = stored[r.began_at :]
    assert all(len(encode_event(e)) <= 8 * 1024 for e in stored)
    opened = [e.turn_id for e in r.of(TurnStarted)]
    assert sorted(opened) == sorted(e.turn_id for e in r.of(TurnFinished))
    assert len(set(opened)) == len(opened)
    broken = [e.error for e in r.of(TurnFinished) if e.reason == "internal_error"]
    assert not broken, broken
    begun = Counter(e.call_id for e in r.of(ToolStarted))
    ended = Counter(e.call_id for e in r.of(ToolFinished, ToolSkipped))
    assert all(count == 1 and ended[call_id] == 1 for call_id, count in begun.items())
    live = ScreenModel().take_all(r.events)
    assert not live.problems, live.problems
    assert not live.left_open(), live.left_open()
    assert ScreenModel().take_all(stored).shown() == live.shown()
    check_inputs(r, messages, sent)
    check_shown_once(r)
    check_history(_with_results_only(messages))


def check_inputs(r: Rig, messages: Sequence[Message], sent: Sequence[str]) -> None:
    """Every accepted message is in the transcript, once."""
    assert sorted(e.text for e in r.of(InputAccepted)) == sorted(sent)
    delivered = [e.input_id for e in r.of(InputState) if e.state == "delivered"]
    assert sorted(delivered) == sorted(e.input_id for e in r.of(InputAccepted))
    assert sorted(m.content for m in messages if m.role == "user") == sorted(sent)


def check_shown_once(r: Rig) -> None:
    """No piece of text reaches the screen twice."""
    shown = "".join(e.text for e in r.of(MessageDelta))
    for number in range(60):
        assert shown.count(f"<{number}>") <= 1
        assert shown.count(f"(rest {number})") <= 1


def _with_results_only(messages: Sequence[Message]) -> list[Message]:
    """The stored history as it would be sent: it must need no stubs for calls."""
    answered = {m.tool_call_id for m in messages if m.role == "tool"}
    asked = {call.id for m in messages for call in m.tool_calls}
    assert answered == asked
    return []


def check_history(messages: Sequence[Message]) -> None:
    """What every provider demands of a request."""
    waiting: list[str] = []
    last: Any = "system"
    for message in messages:
        if message.role == "tool":
            assert message.tool_call_id in waiting
            waiting.remove(message.tool_call_id)
        else:
            assert not waiting, "a call without its result"
            assert message.role != last, "two of one role in a row"
            assert message.content or message.tool_calls or message.attachments
            waiting = [call.id for call in message.tool_calls]
            assert len(set(waiting)) == len(waiting)
            assert all(waiting)
        message.content.encode()
        last = message.role
    assert not waiting, "a call without its result"
    assert not messages or messages[0].role == "user"
