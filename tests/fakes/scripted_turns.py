"""Turns as the core tells them, for screens that are looked at."""

from __future__ import annotations

import time

from hermes_core.events import (
    ApprovalFinding,
    ApprovalRequested,
    ContextGauge,
    CoreEvent,
    FileDiff,
    InputAccepted,
    InputState,
    MessageDelta,
    MessageFinished,
    MessageStarted,
    QuestionAsked,
    ReasoningFinished,
    RequestStarted,
    SessionTitled,
    TodoChanged,
    ToolAnnounced,
    ToolFinished,
    ToolSkipped,
    ToolStarted,
    TurnFinished,
    TurnStarted,
)
from hermes_core.messages import TodoItem, Usage

QUESTION = (
    "The nightly sync keeps dying on flaky hosts. Make the retry loop back off properly and"
    " prove it with a test."
)
DIFF = FileDiff(
    path="src/sync/retry.py",
    unified="""--- a/src/sync/retry.py
+++ b/src/sync/retry.py
@@ -19,7 +19,8 @@
     for attempt in range(MAX_TRIES):
         try:
             return client.get(url)
-        except OSError:
-            time.sleep(1)
-    raise RuntimeError("gave up")
+        except OSError as error:
+            last = error
+            time.sleep(backoff(attempt))
+    raise FetchFailed(url) from last
""",
    added=4,
    removed=3,
)
REPLY = """The loop slept a fixed second and threw away the last error. It now waits
**twice as long each time, plus jitter**, and the final failure keeps its cause.
Seven of seven tests pass.

| Try | Before | Now | Elapsed |
|--:|--:|--:|--:|
| 1 | 1.0 s | 0.5 s | 0.5 s |
| 2 | 1.0 s | 1.1 s | 1.6 s |

```python
def backoff(attempt: int, base: float = 0.5) -> float:
    return base * 2**attempt + random.uniform(0, 0.2)
```

Before you merge, note that `fetch()` now raises `FetchFailed`."""


def user(number: int, text: str) -> list[CoreEvent]:
    """A message of the person, delivered."""
    input_id, message_id = f"in-{number}", f"user-{number}"
    return [
        InputAccepted(input_id=input_id, mode="start", text=text),
        InputState(input_id=input_id, state="delivered", message_id=message_id),
        MessageStarted(message_id=message_id, role="user"),
        MessageFinished(message_id=message_id, role="user", text=text),
    ]


def tool(
    call_id: str,
    name: str,
    preview: str,
    summary: str,
    *,
    ok: bool = True,
    seconds: float = 0.1,
    output: str = "",
    diff: FileDiff | None = None,
) -> list[CoreEvent]:
    """A call from its announcement to its answer."""
    paths = (preview,) if "/" in preview and " " not in preview else ()
    return [
        ToolAnnounced(call_id=call_id, name=name),
        ToolStarted(call_id=call_id, name=name, preview=preview, paths=paths),
        ToolFinished(
            call_id=call_id,
            name=name,
            ok=ok,
            duration_s=seconds,
            summary=summary,
            result_preview=output,
            diffs=(diff,) if diff else (),
        ),
    ]


def work_so_far(*, question: str = QUESTION) -> list[CoreEvent]:
    """The first half of a turn: thinking, reading, a failing test, a change."""
    return [
        SessionTitled(title="fix the retry loop"),
        *user(1, question),
        TurnStarted(turn_id="t1", input_ids=("in-1",)),
        RequestStarted(attempt=1, provider="openrouter", model="hermes-4-405b"),
        ReasoningFinished(
            message_id="a1",
            text="the loop sleeps one fixed second and the last error is lost, so a test can"
            " only see the time",
            seconds=4,
        ),
        TodoChanged(
            items=(
                TodoItem(id="1", content="Read the loop and its tests", status="completed"),
                TodoItem(id="2", content="Back off with jitter", status="completed"),
                TodoItem(id="3", content="Keep the last error", status="completed"),
                TodoItem(id="4", content="Fix the two callers", status="in_progress"),
                TodoItem(id="5", content="Changelog line"),
            )
        ),
        *tool("c1", "read_file", "src/sync/retry.py", "58 lines"),
        *tool("c2", "search_files", '"time.sleep" in src/', "3 hits", seconds=0.2),
        *tool(
            "c3",
            "terminal",
            "pytest -q tests/test_retry.py",
            "exit 1",
            ok=False,
            seconds=3.8,
            output="E   assert 1.0 == 0.5 ± 5.0e-07\n1 failed, 6 passed in 3.41s",
        ),
        *tool("c4", "patch", "src/sync/retry.py", "+4 −3", diff=DIFF),
        ToolStarted(call_id="c5", name="terminal", preview="git push --force origin main"),
        ToolSkipped(call_id="c5", name="terminal", cause="denied"),
        *tool("c6", "terminal", "pytest -q tests/", "7 passed", seconds=9.4),
        ContextGauge(used=62_000, window=200_000, threshold=170_000, source="reported"),
    ]


def typed(text: str, output: str) -> list[CoreEvent]:
    """A shell command that the person typed, and what it printed."""
    started = ToolStarted(call_id="typed1", name="terminal", preview=text, by_person=True)
    done = ToolFinished(
        call_id="typed1", name="terminal", ok=True, summary="2 lines", result_preview=output
    )
    finish = TurnFinished(turn_id="t9", outcome="completed", reason="typed_command", tool_calls=1)
    return [
        TurnStarted(turn_id="t9", input_ids=("in-9",)),
        *user(9, f"!{text}"),
        started,
        done,
        finish,
    ]


def writing(text: str = REPLY) -> list[CoreEvent]:
    """A reply that is being written."""
    return [
        MessageStarted(message_id="a1", role="assistant"),
        MessageDelta(message_id="a1", text=text),
    ]


def finished(text: str = REPLY) -> list[CoreEvent]:
    """The end of the reply and of the turn."""
    return [
        MessageFinished(message_id="a1", role="assistant", text=text, final=True),
        TurnFinished(
            turn_id="t1",
            outcome="completed",
            reason="text_response",
            usage=Usage(input_tokens=11_000, output_tokens=1_000, requests=4),
            cost_usd=0.06,
            cost_status="reported",
            steps=4,
            tool_calls=6,
            duration_s=41.0,
        ),
    ]


def failed() -> list[CoreEvent]:
    """A turn that the provider refused."""
    return [
        SessionTitled(title="fix the retry loop"),
        *user(1, QUESTION),
        TurnStarted(turn_id="t1"),
        TurnFinished(
            turn_id="t1",
            outcome="failed",
            reason="auth",
            error="The provider refused the key (401)",
            hint="Put a valid OPENROUTER_API_KEY into .env, then send the message again.",
        ),
    ]


def approval(request_id: str = "r1", *, expires_in_s: float | None = None) -> ApprovalRequested:
    """A command that removes files on another machine."""
    return ApprovalRequested(
        request_id=request_id,
        call_id="c7",
        tool="terminal",
        action="run",
        subject=(
            "rsync -az --delete --exclude-from=.deployignore \\\n"
            "  build/ deploy@stage-2:/srv/sync/ \\\n"
            "  && ssh deploy@stage-2 \\\n"
            "  'sudo systemctl restart sync-worker sync-web'"
        ),
        cwd="~/code/sync",
        backend="ssh deploy@stage-2",
        findings=(
            ApprovalFinding(
                key="rsync delete",
                explanation="removes files on the host that are not in build/",
                fragment="--delete",
            ),
            ApprovalFinding(
                key="sudo",
                explanation="runs as root on a machine that is not this one",
                fragment="sudo",
            ),
        ),
        always_pattern="rsync … deploy@stage-2:*",
        shown_hash=f"hash-{request_id}",
        expires_at=time.time() + expires_in_s if expires_in_s is not None else None,
    )


def waiting(request_id: str = "r1") -> list[CoreEvent]:
    """A tool that waits for a decision."""
    return [
        ToolStarted(call_id="c7", name="terminal", preview="rsync -az --delete build/ stage-2"),
        approval(request_id),
    ]


def question(request_id: str = "q1") -> QuestionAsked:
    """A choice of two."""
    return QuestionAsked(
        request_id=request_id,
        kind="choice",
        question="Which branch shall the fix go to?",
        choices=("main", "release/2.4"),
        shown_hash=f"hash-{request_id}",
    )
