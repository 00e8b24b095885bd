"""The conversation as lines: what `handlers` draw on where there is no screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct, field

from hermes_core.events import (
    AgentFinished,
    AgentSpawned,
    BackgroundFinished,
    BackgroundStarted,
    CoreEvent,
    Notice,
    ToolFinished,
    ToolSkipped,
    ToolStarted,
    TurnFinished,
)
from hermes_core.terminals.ansi import LiveText
from hermes_tui.handlers import dispatch
from hermes_tui.plain.page import Page
from hermes_tui.session_state import SessionState
from hermes_tui.slash.command import COMMAND_REGISTRY
from hermes_widgets.blocks.card_action import CardAction
from hermes_widgets.blocks.tool_words import AGENT, tool_verb, was_stopped
from hermes_widgets.fitting import clean, fit, tokens

REPLY = "Hermes: "
PERSON = "You: "
_PREVIEW_CELLS = 100
_LEVELS = {"info": "Note", "warn": "Warning", "error": "Error"}
_SKIPPED = {"interrupt": "stopped", "steer": "skipped", "lost": "outcome unknown"}


class _Open(Struct):
    """A reply that is being written: what of its last line is not printed yet."""

    live: LiveText = field(default_factory=LiveText)
    rest: str = ""
    has_text: bool = False
    has_line: bool = False


class PlainTranscript:
    """Prints what happens, each thing once; see `handlers.view.ConversationView`.

    Args:
        page: Where it is printed.
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self._replies: dict[str, _Open] = {}
        self._tools: dict[str, str] = {}
        self._last_tool = ""
        self._typed: set[str] = set()
        """Calls the person typed themselves."""
        self._beside: dict[str, BackgroundStarted] = {}
        self.echoed: list[str] = []
        """Messages the terminal itself showed while they were typed."""
        self.event_at = 0.0
        """Set by each event; lines are printed as things happen."""
        self.progress = "all"
        """Which tools are told: `off`, `new`, `all`, `verbose`."""
        self.is_past = False
        """Whether what comes happened before this run."""

    def add_user(self, message_id: str, text: str, *, attachments: int = 0) -> None:
        """Print a message of the person, unless the terminal shows it already."""
        if text in self.echoed:
            self.echoed.remove(text)
            return
        pictures = f" ({attachments} attached)" if attachments else ""
        self._page.say(f"{PERSON}{text}{pictures}")

    def begin_reply(self, message_id: str) -> None:
        """A reply begins; printed with its first line."""
        self._replies[message_id] = _Open()

    def append_reply(self, message_id: str, text: str) -> None:
        """Print the lines that are complete."""
        reply = self._replies.setdefault(message_id, _Open())
        reply.has_text = True
        reply.rest += reply.live.feed(text.encode("utf-8", "replace"))
        *lines, reply.rest = reply.rest.split("\n")
        for line in lines:
            self._reply_line(reply, line)

    def _reply_line(self, reply: _Open, line: str) -> None:
        if reply.has_line or line.strip():
            self._page.say(line if reply.has_line else REPLY + line)
            reply.has_line = True

    def finish_reply(
        self,
        message_id: str,
        *,
        state: Literal["complete", "truncated", "discarded"] = "complete",
        text: str = "",
        reason: str | None = None,
    ) -> None:
        """Print the rest; one that never came in pieces is printed whole."""
        reply = self._replies.pop(message_id, _Open())
        if not reply.has_text and state != "discarded":
            reply.rest = text
        for line in reply.rest.split("\n") if reply.rest else ():
            self._reply_line(reply, line)
        if state == "discarded" and reply.has_line:
            self._page.say("(The lines above are taken back.)")
        elif state == "truncated":
            self._page.say(f"(The reply was cut short: {reason or 'incomplete'}.)")

    def append_reasoning(self, message_id: str, text: str) -> None:
        """Thinking is told once, at its end."""

    def finish_reasoning(self, message_id: str, text: str, seconds: float) -> None:
        """Print the first words of the thinking."""
        if self.progress == "off" or not text.strip():
            return
        whole = text.strip()
        said = whole if self.progress == "verbose" else fit(clean(whole), _PREVIEW_CELLS)
        how_long = f" ({seconds:.0f} s)" if seconds >= 1 else ""
        self._page.say(f"Thought{how_long}: {said}")

    def announce_tool(self, call_id: str, name: str, *, depth: int = 0) -> None:
        """A call is told once, at its end."""

    def start_tool(
        self,
        call_id: str,
        name: str,
        preview: str = "",
        args: Mapping[str, Any] | None = None,
        paths: Sequence[str] = (),
        *,
        kind: str = "other",
        depth: int = 0,
        by_person: bool = False,
    ) -> None:
        """Remember what the call is about."""
        about = fit(clean(preview), _PREVIEW_CELLS)
        child = "agent: " if depth else ""
        if by_person:
            self._typed.add(call_id)
        self._tools[call_id] = f"{child}{tool_verb(name, kind)} {about}".rstrip()

    def tool_output(self, call_id: str, chunk: str) -> None:
        """Live output is for the model; the line of the call says how it ended."""

    def tool_waiting(self, call_id: str, waiting: bool) -> None:
        """The question itself is printed."""

    def finish_tool(self, event: ToolFinished) -> None:
        """Print the call as one line."""
        mark = "ok" if event.ok else "stopped" if was_stopped(event) else "failed"
        took = f"{event.duration_s:.1f} s" if event.duration_s >= 0.05 else ""
        facts = ", ".join(fact for fact in (clean(event.summary), took) if fact)
        is_typed = event.call_id in self._typed
        self._tool(event.call_id, event.name, mark, facts)
        if (self.progress == "verbose" or is_typed) and event.result_preview:
            self._page.say("\n".join(f"    {line}" for line in event.result_preview.split("\n")))

    def skip_tool(self, event: ToolSkipped) -> None:
        """Print a call that was not run."""
        if event.cause != "duplicate":
            mark = _SKIPPED.get(event.cause, event.cause)
            self._tool(event.call_id, event.name, mark, "")

    def _tool(self, call_id: str, name: str, mark: str, facts: str) -> None:
        about = self._tools.pop(call_id, None) or tool_verb(name)
        repeats = self.progress == "new" and name == self._last_tool
        self._last_tool = name
        is_typed = call_id in self._typed
        self._typed.discard(call_id)
        is_told = self.progress != "off" and not repeats and not name.startswith("_")
        if is_told or is_typed:
            self._page.say(f"[{mark}] {about}" + (f" - {facts}" if facts else ""))

    def start_agent(self, event: AgentSpawned) -> None:
        """Remember what the child is about; its own calls are not printed."""
        self._tools[event.child_id] = f"agent {fit(clean(event.goal), _PREVIEW_CELLS)}"

    def agent_call(self, event: ToolStarted) -> None:
        """Calls of children would only mix with each other; the end of each child is told."""

    def finish_agent(self, event: AgentFinished) -> None:
        """Print how a child ended, as one line."""
        mark = {"completed": "ok", "interrupted": "stopped"}.get(event.status, event.status)
        self._tool(event.child_id, AGENT, mark, "")

    def begin_beside(self, event: BackgroundStarted) -> None:
        """Remember what it is about; only the end is told."""
        self._beside[event.task_id] = event

    def finish_beside(self, event: BackgroundFinished) -> None:
        """Print the answer, or how it ended."""
        begun = self._beside.pop(event.task_id, None)
        if begun is None or (begun.kind == "process" and event.status == "lost"):
            return
        about = fit(clean(begun.label), _PREVIEW_CELLS)
        if begun.kind == "process":
            self._page.say(f"Note: {about}: {event.summary or event.status}")
            return
        kind = "On the side" if begun.kind == "side" else "In the background"
        self._page.say(f"{kind}: {about} [{event.status}]\n{event.summary}".rstrip())

    def notice(self, event: Notice) -> None:
        """Print a remark with its weight in words."""
        self._page.say(f"{_LEVELS[event.level]}: {event.text}")

    def error(
        self,
        title: str,
        hint: str = "",
        details: str = "",
        actions: Sequence[CardAction] = (),
    ) -> None:
        """Print what failed, why, and the commands that go on from there."""
        lines = [f"Error: {title}", *(f"    {line}" for line in details.split("\n") if line)]
        if hint:
            lines.append(hint)
        ways = [
            f"/{action.name} ({action.label})"
            for action in actions
            if COMMAND_REGISTRY.get(action.name) is not None
        ]
        if ways:
            lines.append(f"Next: {', '.join(ways)}")
        self._page.say("\n".join(lines))

    def finish_turn(self, event: TurnFinished) -> None:
        """Say that the turn is over."""
        self._last_tool = ""
        if self.is_past:
            return
        facts = [f"{event.duration_s:.0f} s"] if event.duration_s >= 1 else []
        if event.tool_calls:
            facts.append(f"{event.tool_calls} tool{'s' * (event.tool_calls != 1)}")
        if event.usage.total_tokens:
            facts.append(f"{tokens(event.usage.total_tokens)} tokens")
        words = {"completed": "Done", "partial": "Ended early", "interrupted": "Stopped"}
        word = words.get(event.outcome, "Failed")
        if event.reason == "owner_lost":
            word = "Cut off, as hermes stopped"
        self._page.say(f"{word}: {', '.join(facts)}." if facts else f"{word}.")

    def rewind(self, from_message_id: str) -> None:
        """Say that lines above do not count any more."""
        self._page.say("(The last message and what followed it are taken back.)")


def as_lines(past: Iterable[CoreEvent]) -> str:
    """Return a whole conversation as it would have been printed."""
    written: list[str] = []
    transcript = PlainTranscript(Page(written.append))
    transcript.is_past = True
    state = SessionState()
    for event in past:
        dispatch.apply(event, state, transcript)
    return "".join(written).rstrip()
