"""What a one-shot run prints: text for people, one object or a line a piece for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Protocol

from hermes_core.agent.reply import ReplyText
from hermes_core.events import (
    ApprovalRequested,
    ApprovalResolved,
    CoreEvent,
    MessageDelta,
    Notice,
    ReasoningFinished,
    RequestWaiting,
    SessionOpened,
    ToolFinished,
    ToolSkipped,
    ToolStarted,
    TurnFinished,
)
from hermes_core.messages import Usage
from hermes_core.terminals.ansi import LiveText, strip_controls

Write = Callable[[str], None]
_FOR_THE_MODEL = re.compile(r"^BLOCKED:\s*|[.;]?\s*(?:Do not|do not) retry.*$", re.DOTALL)


class Printer(Protocol):
    """Turns the events of one turn into output."""

    def event(self, event: CoreEvent) -> None:
        """Follow one event."""
        ...

    def result(self, result: dict[str, Any]) -> None:
        """Say how it ended; the last call."""
        ...


def outcome(session_id: str, reply: ReplyText, *, exit_code: int) -> dict[str, Any]:
    """Return the result object of a finished run."""
    finish = reply.finish or TurnFinished(outcome="failed", reason="no_turn")
    usage: Usage = finish.usage
    return {
        "type": "result",
        "session_id": session_id,
        "exit_code": exit_code,
        "final_response": reply.text or None,
        "tokens": {
            "input": usage.input_tokens,
            "output": usage.output_tokens,
            "cache_read": usage.cache_read_tokens,
            "cache_write": usage.cache_write_tokens,
            "total": usage.total_tokens,
        },
        "cost_usd": finish.cost_usd,
        "cost_status": finish.cost_status,
        "duration_ms": round(finish.duration_s * 1000),
        "api_calls": usage.requests,
        "completed": finish.outcome == "completed",
        "interrupted": finish.outcome == "interrupted",
        "reason": finish.reason,
        "error": finish.error,
    }


def shown(text: str) -> str:
    """Return foreign text as a terminal may be given it: no control characters."""
    return strip_controls(text).replace("\r", "")


def refusal(message: str) -> str:
    """Return why a call was refused, without the words meant for the model alone."""
    return _FOR_THE_MODEL.sub("", message).strip() or "not allowed"


_WAITING = {
    "connection": "The model cannot be reached",
    "cut_stream": "The connection was cut",
    "overloaded": "The model is overloaded",
    "rate_limit": "The model limits the rate of requests",
    "timeout": "The model did not answer in time",
}


class QuietPrinter:
    """The reply alone on standard output; everything else on standard error.

    Text of models and tools is shown without control characters.
    """

    def __init__(self, out: Write, err: Write) -> None:
        self._out = out
        self._err = err
        self._told_attempt = 0

    def event(self, event: CoreEvent) -> None:
        """Only warnings and refusals are worth a line."""
        match event:
            case Notice(level="warn" | "error", text=text):
                self._err(f"{shown(text)}\n")
            case ToolSkipped(cause="denied" | "blocked", name=name, message=message):
                self._err(f"Refused {name}: {shown(refusal(message))}\n")
            case RequestWaiting(reason=reason, seconds=seconds, attempt=attempt):
                if attempt != self._told_attempt:
                    self._told_attempt = attempt
                    what = _WAITING.get(reason, "The request failed")
                    self._err(f"{what}; attempt {attempt + 1} in {seconds:.0f} s.\n")
            case _:
                pass

    def result(self, result: dict[str, Any]) -> None:
        """Print the reply."""
        reply = shown(result["final_response"] or "")
        if reply:
            self._out(reply if reply.endswith("\n") else f"{reply}\n")


class TextPrinter(QuietPrinter):
    """For a person: each tool as a line, then the reply as it streams, then a summary.

    An empty line stands between text and tools.
    """

    def __init__(self, out: Write, err: Write) -> None:
        super().__init__(out, err)
        self._started: dict[str, ToolStarted] = {}
        self._last = ""
        """What was printed last: nothing, a tool, or a message by its id."""
        self._at_line_start = True
        self._live = LiveText()

    def event(self, event: CoreEvent) -> None:
        """Print what happens, as it happens."""
        match event:
            case MessageDelta(message_id=message_id, text=text):
                self._part(message_id)
                self._say(text)
            case ToolStarted(call_id=call_id):
                self._started[call_id] = event
            case ToolFinished(call_id=call_id):
                self._tool(call_id, event.name, event.ok, event.summary, event.duration_s)
            case ToolSkipped(call_id=call_id, cause=cause, name=name):
                if cause != "duplicate":
                    self._tool(call_id, name, False, _SKIPPED.get(cause, cause), 0.0)
                super().event(event)
            case _:
                super().event(event)

    def result(self, result: dict[str, Any]) -> None:
        """Print how to go on."""
        if self._last in ("", "tool") and result["final_response"]:
            self._part("reply")
            self._say(result["final_response"])
        self._new_line()
        gap = "\n" if self._last else ""
        self._out(f"{gap}Resume with: hermes --resume {result['session_id']}\n")

    def _part(self, name: str) -> None:
        """Begin a part; the first needs no empty line above it."""
        if name != self._last:
            self._new_line()
            if self._last:
                self._out("\n")
            self._last = name
            self._live = LiveText()

    def _say(self, text: str) -> None:
        text = self._live.feed(text.encode("utf-8", "replace")).replace("\r", "")
        if text:
            self._out(text)
            self._at_line_start = text.endswith("\n")

    def _new_line(self) -> None:
        if not self._at_line_start:
            self._out("\n")
            self._at_line_start = True

    def _tool(self, call_id: str, name: str, ok: bool, summary: str, seconds: float) -> None:
        self._part("tool")
        started = self._started.pop(call_id, None)
        preview = started.preview.splitlines()[0][:60] if started and started.preview else ""
        glyph = "✓" if ok else "✗"
        pieces = [f"{name:<12}", preview, summary, f"{seconds:.1f}s" if seconds >= 0.05 else ""]
        line = "  ".join(piece for piece in pieces if piece)
        self._out(f"  {glyph} {shown(line)}\n")


_SKIPPED = {"denied": "denied", "blocked": "blocked", "interrupt": "stopped", "steer": "skipped"}


class JsonPrinter(QuietPrinter):
    """One object at the end.

    Args:
        ascii_only: The output has no other characters; they are written as escapes.
    """

    def __init__(self, out: Write, err: Write, *, ascii_only: bool = False) -> None:
        super().__init__(out, err)
        self._ascii_only = ascii_only

    def result(self, result: dict[str, Any]) -> None:
        """Print the object."""
        self._out(json.dumps(result, ensure_ascii=self._ascii_only) + "\n")


class StreamJsonPrinter(JsonPrinter):
    """One object a line, as things happen."""

    def __init__(
        self, out: Write, err: Write, *, session_id: str, ascii_only: bool = False
    ) -> None:
        super().__init__(out, err, ascii_only=ascii_only)
        self._session_id = session_id
        self._is_open = False

    def event(self, event: CoreEvent) -> None:
        """Print the pieces a program wants."""
        match event:
            case SessionOpened(runtime=runtime, tools=tools):
                self._init(runtime.model, runtime.provider, list(tools))
            case MessageDelta(message_id=message_id, text=text):
                self._line("text", message_id=message_id, text=text)
            case ReasoningFinished(message_id=message_id, text=text):
                self._line("reasoning", message_id=message_id, text=text)
            case ToolStarted(call_id=call_id, name=name, args=args):
                self._line("tool_use", id=call_id, name=name, input=args)
            case ToolFinished(call_id=call_id, name=name, ok=ok):
                self._line(
                    "tool_result",
                    id=call_id,
                    name=name,
                    is_error=not ok,
                    summary=event.summary,
                    preview=event.result_preview,
                    duration_ms=round(event.duration_s * 1000),
                )
            case ToolSkipped(call_id=call_id, name=name, cause=cause, message=message):
                self._line(
                    "tool_result",
                    id=call_id,
                    name=name,
                    is_error=True,
                    summary=cause,
                    preview=message,
                    duration_ms=0,
                )
            case ApprovalRequested(request_id=request_id, tool=tool, subject=subject):
                self._line("approval", id=request_id, tool=tool, subject=subject, state="asked")
            case ApprovalResolved(request_id=request_id, decision=decision):
                self._line("approval", id=request_id, state=decision)
            case _:
                pass

    def start(self, model: str, provider: str, tools: list[str]) -> None:
        """Print the first line for a conversation that goes on."""
        if not self._is_open:
            self._init(model, provider, tools)

    def _init(self, model: str, provider: str, tools: list[str]) -> None:
        self._is_open = True
        self._line("init", session_id=self._session_id, model=model, provider=provider, tools=tools)

    def _line(self, kind: str, **fields: Any) -> None:
        self._out(json.dumps({"type": kind, **fields}, ensure_ascii=self._ascii_only) + "\n")
