"""Run the tools of one step: in parallel where that is safe, always answered, never hanging.

Every call ends in exactly one `tool.finished` or `tool.skipped` and in one result
message, in the order the model asked. An interrupt is answered within `GRACE_S`
plus a moment: running tools see the cancel token, then their task is cancelled,
then they are left behind.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec
from msgspec import Struct, field

from hermes_core.agent.cancel import TurnCancel
from hermes_core.agent.clock import Clock
from hermes_core.agent.stream.journal import Journal
from hermes_core.agent.turns.calls import BadCall, ReadyCall, may_overlap
from hermes_core.agent.turns.results import (
    STEP_LIMIT_CHARS,
    ResultText,
    error_json,
    limit_result,
    limit_step,
    to_json,
)
from hermes_core.errors import Cancelled, ToolBlocked, ToolError
from hermes_core.events import (
    FileDiff,
    Notice,
    ToolFinished,
    ToolOutput,
    ToolSkipped,
    ToolStarted,
    fit_text,
)
from hermes_core.messages import Message, ToolCall
from hermes_core.tools.base import ToolContext, ToolResult

MAX_STRAYS = 16
GRACE_S = 0.3
HELPER_GRACE_S = 0.1
"""Of agents that work for another one, whose own grace goes on meanwhile."""
ABANDON_S = 0.1

_log = logging.getLogger(__name__)


class Redaction(Protocol):
    """Masks secrets in live output, line by line."""

    def feed(self, chunk: str) -> str:
        """Take a chunk, return what is safe to show."""
        ...

    def flush(self) -> str:
        """Return what was held back."""
        ...


class ToolServices(Struct, frozen=True, kw_only=True):
    """What the runner needs of the session."""

    make_context: Callable[[str, TurnCancel, Callable[[str, str], None]], ToolContext]
    """Build the context of a call: call id, cancel token, output function."""
    redact: Callable[[str], str]
    line_redactor: Callable[[], Redaction]
    spill_folder: Path
    cwd: Callable[[], Path]
    clock: Clock
    on_tool: Callable[[str], None] = lambda name: None
    """Told the name of each tool that starts."""
    waited_s: Callable[[str], float] = lambda call_id: 0.0
    """How long a call waited for a person; that is not the tool's time."""
    strays: Callable[[], int] = lambda: 0
    """Given-up thread calls that still run, in this process."""
    at_once: int = 8
    """Most tools of one step that run at the same time."""
    grace_s: float = GRACE_S
    """How long a tool may take to end by itself after an interrupt."""


class Outcome(Struct):
    """How one call ended."""

    call: ToolCall
    text: str
    skipped: bool = False
    result: ToolResult | None = None
    duration_s: float = 0.0
    ok: bool = True
    masks_itself: bool = False
    limit: int | None = 100_000
    spilled_path: str | None = field(default=None)


class ToolRunner:
    """Runs batches; holds the tasks that would not stop."""

    def __init__(self, journal: Journal, services: ToolServices) -> None:
        self._journal = journal
        self._services = services
        self._left_behind: set[asyncio.Task[Any]] = set()

    @property
    def left_behind(self) -> int:
        """Tool tasks that ignored being cancelled and still run."""
        return len(self._left_behind)

    async def run(
        self,
        calls: Sequence[ReadyCall | BadCall],
        *,
        cancel: TurnCancel,
        stop_starting: Callable[[], bool],
        message_ids: Sequence[str],
    ) -> list[Message]:
        """Run a batch and return its result messages in call order.

        Args:
            calls: What the model asked for, checked.
            cancel: Interrupts what runs.
            stop_starting: True once calls that have not begun should be skipped,
                because the person has sent a new message.
            message_ids: One id for each result message.
        """
        ready = [call for call in calls if isinstance(call, ReadyCall)]
        overlap = len(ready) == len(calls) and may_overlap(ready, base=self._services.cwd())
        outcomes: list[Outcome] = []
        running: list[asyncio.Task[Outcome]] = []
        if overlap:
            gate = asyncio.Semaphore(self._services.at_once)
            running = [
                asyncio.create_task(self._gated(call, cancel, stop_starting, gate))
                for call in ready
            ]
        try:
            for number, call in enumerate(calls):
                if overlap:
                    outcome = await running[number]
                else:
                    outcome = await self._one(call, cancel, stop_starting, None)
                await self._finish(outcome, message_ids[number])
                outcomes.append(outcome)
        finally:
            for task in running:
                task.cancel()
        await self._limit_step(outcomes)
        return [
            self._message(outcome, message_id)
            for outcome, message_id in zip(outcomes, message_ids, strict=True)
        ]

    async def _gated(
        self,
        call: ReadyCall,
        cancel: TurnCancel,
        stop_starting: Callable[[], bool],
        gate: asyncio.Semaphore,
    ) -> Outcome:
        async with gate:
            return await self._one(call, cancel, stop_starting, 1)

    async def _one(
        self,
        ready: ReadyCall | BadCall,
        cancel: TurnCancel,
        stop_starting: Callable[[], bool],
        group: int | None,
    ) -> Outcome:
        call = ready.call
        if isinstance(ready, BadCall):
            self._skip(call, "invalid", ready.error)
            return Outcome(call, to_json({"error": ready.error}), skipped=True)
        if cancel.is_set or stop_starting():
            return self._not_started(call, "interrupt" if cancel.is_set else "steer")
        if (strays := self._services.strays() + self.left_behind) > MAX_STRAYS:
            return self._refused(call, strays)
        self._journal.emit(
            ToolStarted(
                call_id=call.id,
                name=ready.tool.name,
                args=_shown_args(ready.args, self._services.redact),
                preview=self._services.redact(ready.tool.preview(ready.args))[:400],
                kind=ready.tool.kind,
                paths=ready.tool.paths(ready.args),
                parallel_group=group,
                by_person=ready.by_person,
            )
        )
        self._services.on_tool(ready.tool.name)
        await self._journal.flush()  # stored before the effect
        if cancel.is_set:
            return self._cancelled(call)
        started = self._services.clock.monotonic()
        outcome = await self._guarded(ready, cancel)
        taken = self._services.clock.monotonic() - started
        outcome.duration_s = max(0.0, taken - self._services.waited_s(call.id))
        outcome.masks_itself = ready.tool.masks_itself
        outcome.limit = ready.tool.max_result_chars
        return outcome

    def _refused(self, call: ToolCall, strays: int) -> Outcome:
        """Too many cancelled operations still run: start nothing on top of them."""
        text = (
            f"{strays} cancelled operations are still running; new tools start when some of "
            "them have ended."
        )
        self._journal.emit(Notice(level="warn", code="too_many_strays", text=text))
        self._skip(call, "blocked", text)
        return Outcome(call, to_json({"error": text}), skipped=True, ok=False)

    def _not_started(self, call: ToolCall, cause: str) -> Outcome:
        why = "user interrupt" if cause == "interrupt" else "a new message of the user"
        text = f"[Tool execution cancelled — {call.name} was skipped due to {why}]"
        self._skip(call, cause, text)
        return Outcome(call, text, skipped=True)

    def _skip(self, call: ToolCall, cause: Any, message: str) -> None:
        self._journal.emit(
            ToolSkipped(call_id=call.id, name=call.name, cause=cause, message=message[:500])
        )

    async def _guarded(self, ready: ReadyCall, cancel: TurnCancel) -> Outcome:
        """Run one tool in a task of its own and survive whatever it does."""
        call = ready.call
        redactor = self._services.line_redactor()
        output = _Output(self._journal, call.id, redactor)
        ctx = self._services.make_context(call.id, cancel, output)
        task = asyncio.create_task(ready.tool.run(ready.args, ctx), name=f"tool {call.name}")
        finished = await self._wait(task, cancel)
        output.close()
        if not finished:
            self._left_behind.add(task)
            task.add_done_callback(self._forget)
            return self._cancelled(call)
        try:
            result = task.result()
        except (asyncio.CancelledError, Cancelled):
            return self._cancelled(call)
        except ToolBlocked as error:
            self._skip(call, "denied" if error.denied else "blocked", str(error))
            return Outcome(call, error_json(error), skipped=True, ok=False)
        except ToolError as error:
            failed = ToolResult(data={}, ok=False, summary=_short(str(error)), preview=str(error))
            return Outcome(call, error_json(error), result=failed, ok=False)
        except Exception as error:  # noqa: BLE001  a broken tool never ends the turn
            _log.exception("tool %s failed", call.name)
            text = f"Error executing tool '{call.name}': {type(error).__name__}: {error}"
            failed = ToolResult(data={}, ok=False, summary="failed", preview=text)
            return Outcome(call, to_json({"error": text}), result=failed, ok=False)
        return Outcome(call, to_json(result.data), result=result, ok=result.ok)

    async def _wait(self, task: asyncio.Task[Any], cancel: TurnCancel) -> bool:
        """Wait for the tool or the interrupt; False if the tool would not stop."""
        interrupted = asyncio.create_task(cancel.wait())
        try:
            await asyncio.wait({task, interrupted}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return True
            await asyncio.wait({task}, timeout=self._services.grace_s)
            if not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=ABANDON_S)
            return task.done()
        except asyncio.CancelledError:
            task.cancel()
            raise
        finally:
            interrupted.cancel()

    def _cancelled(self, call: ToolCall) -> Outcome:
        text = f"[Tool execution cancelled — {call.name} was stopped by user interrupt]"
        self._skip(call, "interrupt", text)
        return Outcome(call, text, skipped=True, ok=False)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._left_behind.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.info("a tool that was left behind ended with: %s", error)

    async def _finish(self, outcome: Outcome, message_id: str) -> None:
        """Mask and limit one result and tell that the call has ended.

        Called in the order of the calls, as soon as all before it have ended.
        """
        if not outcome.masks_itself:
            outcome.text = self._services.redact(outcome.text)
        if outcome.limit is not None and len(outcome.text) > outcome.limit:
            limited = await asyncio.to_thread(
                limit_result,
                outcome.text,
                limit=outcome.limit,
                folder=self._services.spill_folder,
                call_id=outcome.call.id,
            )
            outcome.text, outcome.spilled_path = limited.text, limited.spilled_path
        if outcome.skipped:
            return
        result = outcome.result
        assert result is not None, "a call that ran has a result"
        redact = self._services.redact
        self._journal.emit(
            ToolFinished(
                call_id=outcome.call.id,
                name=outcome.call.name,
                ok=outcome.ok,
                duration_s=round(outcome.duration_s, 3),
                summary=redact(result.summary)[:80],
                result_preview=fit_text(redact(result.preview), 2_000),
                result_lines=result.lines,
                result_ref=message_id,
                diffs=_fitting(result.diffs),
                spilled_path=outcome.spilled_path,
            )
        )

    async def _limit_step(self, outcomes: list[Outcome]) -> None:
        if sum(len(outcome.text) for outcome in outcomes) <= STEP_LIMIT_CHARS:
            return
        limited = await asyncio.to_thread(
            limit_step,
            [ResultText(outcome.text, outcome.spilled_path) for outcome in outcomes],
            folder=self._services.spill_folder,
            ids=[outcome.call.id for outcome in outcomes],
        )
        for outcome, short in zip(outcomes, limited, strict=True):
            outcome.text, outcome.spilled_path = short.text, short.spilled_path

    def _message(self, outcome: Outcome, message_id: str) -> Message:
        return Message(
            role="tool",
            content=outcome.text,
            message_id=message_id,
            tool_call_id=outcome.call.id,
            tool_name=outcome.call.name,
            timestamp=self._services.clock.time(),
        )


class _Output:
    """Live output of one call on its way to the stream, masked line by line."""

    def __init__(self, journal: Journal, call_id: str, redactor: Redaction) -> None:
        self._journal = journal
        self._call_id = call_id
        self._redactor = redactor
        self._is_closed = False

    def __call__(self, stream: str, chunk: str) -> None:
        if self._is_closed:
            return  # a tool that was left behind may not speak any more
        safe = self._redactor.feed(chunk)
        if safe:
            self._emit(stream, safe)

    def close(self) -> None:
        """Say the rest and fall silent."""
        rest = self._redactor.flush()
        if rest and not self._is_closed:
            self._emit("stdout", rest)
        self._is_closed = True

    def _emit(self, stream: str, text: str) -> None:
        kind: Any = stream if stream in ("stdout", "stderr", "progress") else "stdout"
        self._journal.emit(ToolOutput(call_id=self._call_id, stream=kind, chunk=text))


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


def _fitting(diffs: tuple[FileDiff, ...], limit_bytes: int = 4_500) -> tuple[FileDiff, ...]:
    """Shorten the diffs of one call until all of them fit into a stored event."""
    fitted = []
    for diff in diffs[:20]:
        text = fit_text(diff.unified, limit_bytes)
        limit_bytes = max(0, limit_bytes - len(text.encode()) - 100)
        cut = len(text) < len(diff.unified)
        fitted.append(msgspec.structs.replace(diff, unified=text, truncated=diff.truncated or cut))
    return tuple(fitted)


def _shown_args(args: msgspec.Struct, redact: Callable[[str], str]) -> dict[str, Any]:
    """The arguments for screens: long strings cut, secrets masked, at most 4 kB."""
    shown: dict[str, Any] = {}
    budget = 3_000
    for name, value in msgspec.to_builtins(args).items():
        if value is None:
            continue
        text = value if isinstance(value, str) else None
        if text is not None:
            value = redact(text[:500]) + ("…" if len(text) > 500 else "")
        size = len(str(value))
        if size > budget:
            shown[name] = "…"
            continue
        budget -= size
        shown[name] = value
    return shown
