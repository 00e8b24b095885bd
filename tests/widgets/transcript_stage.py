"""A tiny app around one transcript, and the conversation it is shown with."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.scrollbar import ScrollBar

from hermes_core.events import FileDiff, ToolFinished, ToolSkipped, TurnFinished
from hermes_core.messages import Usage
from hermes_themes.roles import LAMPLIGHT, Palette
from hermes_themes.variables import variables
from hermes_widgets.scroll_bar import ThinBar
from hermes_widgets.theme import use_palette
from hermes_widgets.transcript import Transcript
from tests.support import until

Fill = Callable[[Transcript], None]

DIFF = FileDiff(
    path="src/sync/retry.py",
    unified="""--- a/src/sync/retry.py
+++ b/src/sync/retry.py
@@ -18,7 +18,8 @@
 def fetch(url: str, client: Client) -> Reply:
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
@@ -40,2 +41,2 @@
 def backoff(attempt: int) -> float:
-    return 1
+    return 0.5 * 2**attempt
""",
    added=5,
    removed=4,
)

REPLY = """The loop slept a fixed second and threw away the last error. It now waits \
**twice as long each time, plus jitter**, and the final failure keeps its cause.

| Try | Before | Now | Elapsed |
|---|---|---|---|
| 1 | 1.0 s | 0.5 s | 0.5 s |
| 2 | 1.0 s | 1.1 s | 1.6 s |

```python
def backoff(attempt: int, base: float = 0.5) -> float:
    \"\"\"Seconds to wait before try number `attempt`.\"\"\"
    return base * 2**attempt + random.uniform(0, 0.2)
```

Before you merge, note that `fetch()` now raises `FetchFailed`:

- [x] the loop and its tests
- [ ] two callers in *jobs/*
"""


class FixedClock:
    """A clock the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Stage(App[None]):
    """Shows a transcript and nothing else."""

    CSS = "Screen { background: $h-canvas; .lower { dock: bottom; height: 1; } }"

    def __init__(self, fill: Fill = lambda _: None, palette: Palette = LAMPLIGHT) -> None:
        self.clock = FixedClock()
        super().__init__()
        self._fill = fill
        self._palette = palette
        self.said: list[object] = []
        """Messages of the transcript, in order."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return variables(LAMPLIGHT)

    def compose(self) -> ComposeResult:
        yield Transcript(clock=self.clock)

    def on_mount(self) -> None:
        ScrollBar.renderer = ThinBar
        use_palette(self, self._palette)
        self.transcript.reduced_motion = True
        self.transcript.focus()
        self._fill(self.transcript)

    @property
    def transcript(self) -> Transcript:
        return self.query_one(Transcript)

    def on_transcript_copy_requested(self, message: Transcript.CopyRequested) -> None:
        self.said.append(message)

    def on_transcript_menu_requested(self, message: Transcript.MenuRequested) -> None:
        self.said.append(message)

    def on_transcript_edit_requested(self, message: Transcript.EditRequested) -> None:
        self.said.append(message)

    def on_transcript_action_chosen(self, message: Transcript.ActionChosen) -> None:
        self.said.append(message)

    def on_transcript_session_chosen(self, message: Transcript.SessionChosen) -> None:
        self.said.append(message)

    def on_transcript_link_opened(self, message: Transcript.LinkOpened) -> None:
        self.said.append(message)

    def on_transcript_history_wanted(self, message: Transcript.HistoryWanted) -> None:
        self.said.append(message)


async def settled(pilot: Pilot[None]) -> list[str]:
    """Wait until the transcript is laid out; return the lines in view without fill."""
    app = pilot.app
    assert isinstance(app, Stage)
    await pilot.pause()
    await until(lambda: app.transcript.is_settled)
    await pilot.pause()
    return seen(app.transcript)


def seen(transcript: Transcript) -> list[str]:
    """Return the lines in view without fill at their end."""
    return [transcript.render_line(y).text.rstrip() for y in range(transcript.size.height)]


def tool_done(
    call_id: str, name: str, ok: bool, seconds: float, fact: str, output: str = ""
) -> ToolFinished:
    """Return the answer of a tool."""
    return ToolFinished(
        call_id=call_id,
        name=name,
        ok=ok,
        duration_s=seconds,
        summary=fact,
        result_preview=output,
    )


def tell_work(transcript: Transcript) -> None:
    """A question and the tools it takes, one failing, one denied."""
    transcript.add_user(
        "u1",
        "The nightly sync keeps dying on flaky hosts. Make the retry loop back off properly "
        "and prove it with a test.",
    )
    transcript.finish_reasoning(
        "m1", "the loop sleeps one fixed second and the last error is lost, so it says nothing", 4.0
    )
    path = "src/sync/retry.py"
    transcript.start_tool("c1", "read_file", path, {"path": path}, (path,), kind="read")
    transcript.finish_tool(tool_done("c1", "read_file", True, 0.1, "58 lines"))
    command = "pytest -q tests/test_retry.py"
    transcript.start_tool("c2", "terminal", command, {"command": command}, kind="execute")
    noise = "\n".join(f"line {number}" for number in range(31))
    failure = "E   assert 1.0 == 0.5 ± 5.0e-07\n1 failed, 6 passed in 3.41s"
    transcript.finish_tool(tool_done("c2", "terminal", False, 3.8, "exit 1", f"{noise}\n{failure}"))
    transcript.start_tool("c3", "terminal", "git push --force origin main", kind="execute")
    transcript.skip_tool(ToolSkipped(call_id="c3", name="terminal", cause="denied"))


def tell_patch(transcript: Transcript) -> None:
    """A change to a file."""
    path = DIFF.path
    transcript.start_tool("c4", "patch", path, {"path": path}, (path,), kind="edit")
    transcript.finish_tool(
        ToolFinished(
            call_id="c4", name="patch", ok=True, duration_s=0.1, summary="+5 -4", diffs=(DIFF,)
        )
    )


def tell_turn(transcript: Transcript) -> None:
    """A whole turn."""
    tell_work(transcript)
    transcript.append_reply("m1", REPLY)
    transcript.finish_reply("m1", text=REPLY)
    transcript.finish_turn(turn_end())


def turn_end(**changes: object) -> TurnFinished:
    """Return the end of a turn."""
    values: dict[str, object] = {
        "turn_id": "t1",
        "outcome": "completed",
        "reason": "text_response",
        "tool_calls": 3,
        "duration_s": 41.0,
        "usage": Usage(input_tokens=11_000, output_tokens=1_000),
        "cost_usd": 0.06,
        "cost_status": "estimated",
    }
    return TurnFinished(**{**values, **changes})  # type: ignore[arg-type]  # checked by the struct
