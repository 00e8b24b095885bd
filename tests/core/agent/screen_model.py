"""The plainest screen there can be: what a person ends up seeing, folded from events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from hermes_core.events import (
    ApprovalRequested,
    ApprovalResolved,
    CoreEvent,
    MessageDelta,
    MessageFinished,
    MessageStarted,
    Notice,
    QuestionAnswered,
    QuestionAsked,
    ReasoningDelta,
    ReasoningFinished,
    SessionRewound,
    ToolAnnounced,
    ToolFinished,
    ToolOutput,
    ToolSkipped,
    ToolStarted,
    TurnFinished,
)


@dataclass
class Row:
    """One thing on the screen."""

    kind: str
    key: str
    text: str = ""
    state: str = "open"


@dataclass
class ScreenModel:
    """Rows in the order a person sees them.

    A message has its place from `message.started` on, so a tool that is announced while
    the text still comes stands behind it, live and replayed.
    """

    rows: list[Row] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seqs: list[int] = field(default_factory=list)

    def take_all(self, events: Iterable[CoreEvent]) -> ScreenModel:
        for event in events:
            self.take(event)
        return self

    def shown(self) -> list[tuple[str, str, str, str]]:
        """What can be compared between screens."""
        return [(row.kind, row.key, row.text, row.state) for row in self.rows]

    def take(self, event: CoreEvent) -> None:
        if isinstance(event.seq, int):
            if self.seqs and event.seq != self.seqs[-1] + 1:
                self.problems.append(f"seq {event.seq} follows {self.seqs[-1]}")
            self.seqs.append(event.seq)
        self._message(event)
        self._tool(event)
        self._rest(event)

    def _message(self, event: CoreEvent) -> None:
        match event:
            case MessageStarted(message_id=key, role=role):
                self._row(role, key)
            case MessageDelta(message_id=key, text=text):
                row = self._row("assistant", key)
                if row.state != "open":
                    self.problems.append(f"text for {key} after its end")
                row.text += text
            case MessageFinished(message_id=key, role=role):
                self._close_message(event, self._row(role, key))
            case ReasoningDelta(message_id=key, text=text):
                self._row("thinking", key).text += text
            case ReasoningFinished(message_id=key, text=text):
                row = self._row("thinking", key)
                row.text, row.state = text, "done"

    def _close_message(self, event: MessageFinished, row: Row) -> None:
        if row.state != "open":
            self.problems.append(f"{row.key} ended twice")
        if event.state == "discarded":
            self.rows.remove(row)
            return
        if event.text_ref is None:
            if row.text and row.text != event.text:
                self.problems.append(f"deltas of {row.key} are not its text")
            row.text = event.text
        row.state = event.state

    def _tool(self, event: CoreEvent) -> None:
        match event:
            case ToolAnnounced(call_id=key):
                if self._find("tool", key) is not None:
                    self.problems.append(f"call {key} announced again")
                self._row("tool", key)
            case ToolStarted(call_id=key, preview=preview):
                row = self._row("tool", key)
                if row.state != "open":
                    self.problems.append(f"call {key} started while {row.state}")
                row.text, row.state = preview, "running"
            case ToolOutput(call_id=key):
                if self._row("tool", key).state != "running":
                    self.problems.append(f"output of {key}, which does not run")
            case ToolFinished(call_id=key, summary=summary, ok=ok):
                self._close_tool(key, f"{'ok' if ok else 'failed'} {summary}")
            case ToolSkipped(call_id=key, cause=cause):
                self._close_tool(key, f"skipped {cause}")

    def _close_tool(self, key: str, state: str) -> None:
        row = self._row("tool", key)
        if row.state not in ("open", "running"):
            self.problems.append(f"call {key} ended twice")
        row.state = state

    def _rest(self, event: CoreEvent) -> None:
        match event:
            case ApprovalRequested(request_id=key) | QuestionAsked(request_id=key):
                self._row("question", key)
            case ApprovalResolved(request_id=key, decision=decision):
                self._row("question", key).state = decision
            case QuestionAnswered(request_id=key, answer=answer):
                self._row("question", key).state = f"answered {answer}"
            case Notice(code=code, text=text):
                self.rows.append(Row("notice", code, text, "done"))
            case TurnFinished(turn_id=key, outcome=outcome):
                if self._find("end", str(key)) is not None:
                    self.problems.append(f"turn {key} ended twice")
                self._row("end", str(key)).state = outcome
            case SessionRewound(from_message_id=key):
                first = next(i for i, row in enumerate(self.rows) if row.key == key)
                del self.rows[first:]

    def _find(self, kind: str, key: str) -> Row | None:
        return next((row for row in self.rows if (row.kind, row.key) == (kind, key)), None)

    def _row(self, kind: str, key: str) -> Row:
        row = self._find(kind, key)
        if row is None:
            row = Row(kind, key)
            self.rows.append(row)
        return row

    def left_open(self) -> list[Row]:
        """Rows that should have an end and have none."""
        return [row for row in self.rows if row.state in ("open", "running")]
