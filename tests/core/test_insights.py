"""Sums over days, spans of time, and a diff taken apart: pure, from plain values."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from hermes_core.agent.context_shares import context_shares
from hermes_core.checkpoints.diff_parts import file_diffs
from hermes_core.events import (
    ApprovalRequested,
    ApprovalResolved,
    CoreEvent,
    RequestFinished,
    RequestStarted,
    ToolFinished,
    ToolStarted,
    TurnFinished,
    TurnStarted,
)
from hermes_core.insights import insights, since
from hermes_core.messages import Message, Usage
from hermes_core.providers.facts.tokens import TokenCounter
from hermes_core.storage.records import RequestUse
from hermes_core.timeline import spans

NOW = dt.datetime(2026, 11, 28, 12, 0, tzinfo=dt.UTC)


def _use(
    days_ago: float, *, cost: float | None = 0.5, model: str = "m", id_: str = "s"
) -> RequestUse:
    return RequestUse(
        session_id=id_,
        ts=(NOW - dt.timedelta(days=days_ago)).timestamp(),
        source="cli",
        model=model,
        usage=Usage(input_tokens=10, output_tokens=5, requests=1),
        cost_usd=cost,
    )


@pytest.mark.ac("insights-sums")
def test_days_are_summed_and_empty_days_stay_in_their_place() -> None:
    found = insights([_use(0), _use(0, id_="t"), _use(2), _use(9)], days=3, now=NOW)

    assert [(day.name, day.usage.requests) for day in found.days] == [
        ("2026-11-26", 1),
        ("2026-11-27", 0),
        ("2026-11-28", 2),
    ]
    assert (found.total.usage.total_tokens, found.total.sessions) == (45, 2)
    assert found.total.cost_usd == pytest.approx(1.5)
    assert since(3, NOW) == dt.datetime(2026, 11, 26, tzinfo=dt.UTC).timestamp()


@pytest.mark.ac("cost-unknown")
def test_one_request_without_a_price_leaves_no_partial_sum() -> None:
    found = insights([_use(0), _use(0, cost=None, model="local"), _use(1)], days=2, now=NOW)

    assert found.total.cost_usd is None
    assert [day.cost_usd for day in found.days] == [pytest.approx(0.5), None]
    assert {share.name: share.cost_usd for share in found.by_model} == {
        "m": pytest.approx(1.0),
        "local": None,
    }


def _at(second: float, event: CoreEvent) -> CoreEvent:
    return msgspec.structs.replace(event, ts=second)


@pytest.mark.ac("timeline")
def test_turns_requests_tools_and_waits_become_spans() -> None:
    events = [
        _at(10, TurnStarted()),
        _at(10, RequestStarted(attempt=1, provider="p", model="m")),
        _at(12, RequestFinished(usage=Usage())),
        _at(12, ToolStarted(call_id="c", name="terminal", preview="ls")),
        _at(12, ApprovalRequested(request_id="a")),
        _at(15, ApprovalResolved(request_id="a", decision="deny")),
        _at(16, ToolFinished(call_id="c", name="terminal", ok=False)),
        _at(17, TurnFinished(outcome="completed", reason="text")),
        _at(20, TurnStarted()),
    ]

    found = spans(events, now=30)

    assert [(s.kind, s.name, s.start, s.end, s.ok) for s in found] == [
        ("turn", "turn 1", 10, 17, True),
        ("request", "m", 10, 12, True),
        ("tool", "terminal ls", 12, 16, False),
        ("wait", "approval", 12, 15, False),
        ("turn", "turn 2", 20, 30, True),
    ]
    assert [span.is_open for span in found] == [False] * 4 + [True]


def test_the_context_is_told_apart_by_kind() -> None:
    messages = [
        Message(role="user", content="u" * 400),
        Message(role="assistant", content="a" * 40),
        Message(role="tool", content="t" * 4000, tool_call_id="c"),
        Message(role="user", content="s" * 800, message_id="summary_1"),
    ]

    found = context_shares("p" * 80, [{"name": "x"}], messages, counter=TokenCounter(), model="m")

    sizes = {share.name: share.tokens for share in found}
    assert sizes["system prompt"] == 20
    assert sizes["tool results"] > sizes["summaries"] > sizes["your messages"]
    assert sizes["your messages"] > sizes["replies and calls"]


def test_a_diff_of_a_folder_is_taken_apart_into_its_files() -> None:
    text = (
        "diff --git a/src/retry.py b/src/retry.py\nindex 1..2 100644\n--- a/src/retry.py\n"
        "+++ b/src/retry.py\n@@ -1,2 +1,3 @@\n keep\n-old\n+new\n+more\n"
        'diff --git "a/caf\\303\\251.txt" "b/caf\\303\\251.txt"\nnew file mode 100644\n'
        '--- /dev/null\n+++ "b/caf\\303\\251.txt"\n@@ -0,0 +1 @@\n+hello\n'
        "diff --git a/pic.png b/pic.png\nindex 3..4\nBinary files a/pic.png and b/pic.png differ\n"
        "diff --git a/gone.txt b/gone.txt\ndeleted file mode 100644\n--- a/gone.txt\n+++ /dev/null\n"
        "@@ -1 +0,0 @@\n-bye\n"
    )

    found = file_diffs(text)

    assert [(part.path, part.added, part.removed) for part in found] == [
        ("src/retry.py", 2, 1),
        ("café.txt", 1, 0),
        ("pic.png", 0, 0),
        ("gone.txt", 0, 1),
    ]
    assert found[2].unified.startswith("Binary files")
    assert file_diffs("") == ()
