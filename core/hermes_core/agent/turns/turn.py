"""One turn: from the person's message to the answer, as a loop of steps.

A step is one request to the model and the tools it asks for. The loop ends with an
answer, with the step budget (one request without tools wraps up), with an interrupt
or with an error nobody could mend. What a reply is and what follows from it is
decided in `reply_policy.py`; this module does it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

import msgspec

from hermes_core.agent.cancel import TurnCancel
from hermes_core.agent.sessions.budget import LimitReached
from hermes_core.agent.sessions.conversation import Conversation, Input
from hermes_core.agent.turns import reply_policy as policy
from hermes_core.agent.turns.answer import Answer, say
from hermes_core.agent.turns.asking import Asking
from hermes_core.agent.turns.calls import BadCall, ReadyCall, prepare, sendable, without_duplicates
from hermes_core.agent.turns.model_call import Steer
from hermes_core.agent.turns.results import to_json
from hermes_core.agent.turns.simple_turn import is_simple
from hermes_core.agent.turns.turn_parts import TurnParts
from hermes_core.agent.turns.written_calls import written_calls_notice
from hermes_core.errors import Cancelled, ContextFull, HermesError, ProviderError
from hermes_core.events import (
    InputState,
    MessageFinished,
    MessageStarted,
    Notice,
    StepFinished,
    StepStarted,
    ToolSkipped,
    TurnFinished,
    TurnStarted,
    fit_text,
)
from hermes_core.messages import Message, ToolCall, clean_text
from hermes_core.providers.facts.pricing import total_cost, usd

_log = logging.getLogger(__name__)


class Turn:
    """Runs once. `run` returns the closing event, which it has also emitted."""

    def __init__(
        self,
        parts: TurnParts,
        conversation: Conversation,
        *,
        turn_id: str,
        take_steered: Callable[[], list[Input]],
        steer: Steer,
    ) -> None:
        self.turn_id = turn_id
        self.cancel = TurnCancel()
        self._parts = parts
        self._talk = conversation
        self._take_steered = take_steered
        self._steer = steer
        self._counts = policy.Counts()
        self._steps = 0
        self._tool_calls = 0
        self._schemas = tuple(tool.schema() for tool in parts.tools)
        self._asking = Asking(parts, conversation, cancel=self.cancel, steer=steer)

    # --- the whole -----------------------------------------------------------------------

    async def run(self, inputs: Sequence[Input]) -> TurnFinished:
        """Deliver the inputs and work until the turn is over."""
        journal = self._parts.journal
        started = self._parts.clock.monotonic()
        journal.turn_id = self.turn_id
        journal.emit(TurnStarted(input_ids=tuple(i.input_id for i in inputs)))
        limits = self._parts.simple
        simple = limits is not None and is_simple(inputs, self._talk, limits)
        runtime = await self._parts.route.turn_begins(simple=simple)
        self._talk.runtime = runtime or self._talk.runtime
        await self._deliver(inputs)
        await journal.flush()
        finish = await self._outcome()
        usage, costs = self._parts.take_spent()
        cost = total_cost([*self._asking.costs, *costs])
        finish = msgspec.structs.replace(
            finish,
            usage=self._asking.usage + usage,
            cost_usd=usd(cost),
            cost_status=cost.status,
            steps=self._steps,
            tool_calls=self._tool_calls,
            duration_s=round(self._parts.clock.monotonic() - started, 3),
        )
        journal.step = None
        _log.info("turn %s ended: %s", self.turn_id, finish.reason)
        if finish.outcome != "interrupted" and self._talk.messages[-1].role == "tool":
            _log.warning("turn %s stopped behind a tool: %s", self.turn_id, finish.reason)
        journal.emit(finish)
        await journal.flush()
        journal.turn_id = None
        return finish

    async def _outcome(self) -> TurnFinished:
        try:
            return await self._work()
        except (Cancelled, asyncio.CancelledError):
            return TurnFinished(outcome="interrupted", reason="interrupted_by_user")
        except ContextFull as error:
            return policy.failed("context_full", error)
        except LimitReached as error:
            return TurnFinished(
                outcome="partial", reason=error.reason, error=str(error), hint=error.hint
            )
        except ProviderError as error:
            return policy.failed(f"request_failed:{error.reason}", error)
        except HermesError as error:
            return policy.failed("error", error)
        except Exception as error:  # noqa: BLE001  a bug ends the turn, not the program
            _log.exception("the turn broke")
            problem = HermesError(
                f"Something went wrong inside hermes: {type(error).__name__}: {error}",
                hint="Details are in the log: hermes logs errors",
            )
            return policy.failed("internal_error", problem)

    async def _work(self) -> TurnFinished:
        """The loop, with an answer that waits to be continued closed however it ends."""
        try:
            return await self._loop()
        finally:
            self._keep_earlier("interrupted" if self.cancel.is_set else "error")

    async def _loop(self) -> TurnFinished:
        journal = self._parts.journal
        while True:
            self.cancel.raise_if_set()
            steered = self._steered()
            if steered:
                self._keep_earlier("steered")
            await self._deliver(steered)
            if self._steps >= self._parts.max_steps:
                return await self._wrap_up()
            self._steps += 1
            journal.step = self._steps
            self._parts.on_step()
            journal.emit(StepStarted(n=self._steps, limit=self._parts.max_steps))
            answer = await self._asking.ask(self._schemas)
            finish = await self._handle(answer)
            journal.emit(
                StepFinished(n=self._steps, finish_reason=answer.finish_reason or answer.ending)
            )
            await journal.flush()
            if finish is not None:
                return finish

    # --- input ---------------------------------------------------------------------------

    def _steered(self) -> list[Input]:
        self._steer.clear()
        return self._take_steered()

    async def _deliver(self, inputs: Sequence[Input]) -> None:
        for item in inputs:
            message_id = self._parts.new_id()
            attachments = item.attachments
            notices: tuple[Notice, ...] = ()
            if self._parts.attaching is not None:
                attachments, notices = await self._parts.attaching.attach(
                    item, message_id=message_id, cancel=self.cancel
                )
            text = clean_text(item.text)
            message = Message(
                role="user",
                content=text,
                message_id=message_id,
                attachments=attachments,
                timestamp=self._parts.clock.time(),
            )
            if item.note:
                self._talk.notes[message.message_id] = item.note
            self._asking.system = item.system or self._asking.system
            self._talk.messages.append(message)
            journal = self._parts.journal
            journal.record(message)
            journal.emit(
                InputState(input_id=item.input_id, state="delivered", message_id=message.message_id)
            )
            journal.emit(MessageStarted(message_id=message.message_id, role="user"))
            shown = fit_text(text)
            journal.emit(
                MessageFinished(
                    message_id=message.message_id,
                    role="user",
                    text=shown,
                    text_ref=message.message_id if len(shown) < len(text) else None,
                )
            )
            for notice in notices:
                journal.emit(notice)

    # --- what follows from a reply ---------------------------------------------------------

    async def _handle(self, answer: Answer) -> TurnFinished | None:
        """Do what the reply asks for; the closing event if the turn is over."""
        if answer.ending == "steered":
            if answer.shown:
                answer.close(state="truncated", reason="steered")
                self._keep(answer, finish_reason="steered")
            return None
        if answer.ending == "cut":
            return self._after_cut(answer)
        if answer.calls:
            return await self._after_calls(answer)
        return await self._after_text(answer)

    def _keep(
        self, answer: Answer, *, finish_reason: str | None = None, calls: tuple[ToolCall, ...] = ()
    ) -> Message:
        message = answer.to_message(timestamp=self._parts.clock.time(), calls=calls)
        if finish_reason is not None:
            message = msgspec.structs.replace(message, finish_reason=finish_reason)
        self._talk.messages.append(message)
        self._parts.journal.record(message)
        return message

    def _keep_earlier(self, reason: str) -> None:
        """Close and keep an answer that was to be continued and will not be."""
        earlier, self._asking.earlier = self._asking.earlier, None
        if earlier is None:
            return
        self._asking.extra = ()
        earlier = earlier.latest
        earlier.close(state="truncated", reason=reason)
        self._keep(earlier, finish_reason=reason)

    def _after_cut(self, answer: Answer) -> TurnFinished | None:
        answer.close(state="truncated", reason="connection")
        self._keep(answer, finish_reason="cut")
        self._counts.cuts += 1
        if self._counts.cuts > policy.MAX_CUTS:
            return TurnFinished(
                outcome="partial",
                reason="partial_stream_recovery",
                final_message_id=answer.message_id,
                error="The connection to the model broke twice; the answer is incomplete.",
                hint="Ask it to continue, or use /retry.",
            )
        self._notice("warn", "stream_cut", "The connection broke; asking the model to go on.")
        self._asking.extra = (Message(role="user", content=policy.CONTINUE),)
        return None

    async def _after_text(self, answer: Answer) -> TurnFinished | None:
        may_nudge = (
            self._talk.runtime.api_mode == "codex_responses"
            and len(self._parts.tools) > 0
            and self._tool_calls == 0
        )
        decision = policy.judge_text(answer, self._counts, may_nudge=may_nudge)
        match decision.action:
            case "finish":
                finish = self._finish_with(answer)
                notice = written_calls_notice(answer.text, self._schemas)
                if notice is not None:
                    self._parts.journal.emit(notice)
                return finish
            case "nudge":
                answer.close()
                self._keep(answer)
                self._asking.extra = (Message(role="user", content=policy.ACT_NOW),)
                return None
            case "continue_text":
                self._asking.earlier = answer
                self._asking.extra = (
                    Message(role="assistant", content=answer.text),
                    Message(role="user", content=policy.CONTINUE),
                )
                return None
            case "prefill":
                self._asking.extra = policy.prefill(answer)
                answer.close(state="discarded")
                return None
            case "retry":
                answer.close(state="discarded", reason=decision.reason)
                return None
            case "use_earlier":
                return TurnFinished(
                    outcome="completed",
                    reason="fallback_prior_turn_content",
                    final_message_id=self._counts.housekeeping_message_id,
                )
            case "explain":
                message = say(
                    self._parts.journal,
                    decision.text,
                    message_id=self._parts.new_id(),
                    timestamp=self._parts.clock.time(),
                    final=True,
                )
                self._talk.messages.append(message)
                self._parts.journal.record(message)
                return TurnFinished(
                    outcome="partial",
                    reason=decision.reason,
                    final_message_id=message.message_id,
                    error=decision.error,
                )
        if decision.reason == policy.EMPTY and await self._ask_another(decision):
            answer.close(state="discarded", reason=decision.reason)
            return None
        return self._give_up(answer, decision)

    async def _ask_another(self, decision: policy.Decision) -> bool:
        """Let the next model of the chain answer in place of one that says nothing."""
        problem = ProviderError(decision.error or "", reason="malformed")
        if not await self._asking.fall_back(problem):
            return False
        self._counts.empty = self._counts.prefills = 0
        return True

    def _give_up(self, answer: Answer, decision: policy.Decision) -> TurnFinished:
        if answer.shown:
            answer.close(state="truncated", final=True, reason=decision.reason)
            self._keep(answer)
        return TurnFinished(
            outcome="partial",
            reason=decision.reason,
            final_message_id=answer.message_id if answer.shown else None,
            error=decision.error,
            hint=decision.hint,
        )

    def _finish_with(self, answer: Answer) -> TurnFinished:
        answer.close(final=True)
        self._keep(answer)
        return TurnFinished(
            outcome="completed",
            reason=f"text_response(finish_reason={answer.finish_reason})",
            final_message_id=answer.message_id,
        )

    # --- calls -----------------------------------------------------------------------------

    async def _after_calls(self, answer: Answer) -> TurnFinished | None:
        decision = policy.judge_calls(answer, self._counts)
        if decision.action == "retry":
            answer.close(state="discarded", reason=decision.reason)
            answer.retract_calls("invalid")
            return None
        if decision.action == "stop":
            answer.retract_calls("invalid")
            return self._give_up(answer, decision)
        calls, repeated = without_duplicates(answer.calls)
        for call in repeated:
            self._parts.journal.emit(
                ToolSkipped(call_id=call.id, name=call.name, cause="duplicate")
            )
        prepared = policy.with_unknown_siblings([prepare(c, self._parts.tools) for c in calls])
        answer.close()
        self._keep(answer, calls=tuple(sendable(call) for call in calls))
        await self._run_tools(prepared)
        self.cancel.raise_if_set()
        self._counts.note_tools(prepared, answer)
        if self._counts.unknown_tools >= policy.MAX_UNKNOWN:
            name = next(c.call.name for c in prepared if isinstance(c, BadCall))
            return TurnFinished(
                outcome="partial",
                reason="invalid_tool_call",
                error=f"Model generated invalid tool call: {name}",
            )
        return None

    async def _run_tools(self, prepared: Sequence[ReadyCall | BadCall]) -> None:
        ids = [self._parts.new_id() for _ in prepared]
        self._tool_calls += len(prepared)
        try:
            results = await self._parts.runner.run(
                prepared,
                cancel=self.cancel,
                stop_starting=lambda: self._steer.is_set,
                message_ids=ids,
            )
        except Exception as error:  # noqa: BLE001  every call must be answered
            _log.exception("running the tools broke")
            results = [
                Message(
                    role="tool",
                    content=to_json({"error": f"Error executing tool: {error}"}),
                    message_id=message_id,
                    tool_call_id=bad.call.id,
                    tool_name=bad.call.name,
                    timestamp=self._parts.clock.time(),
                )
                for bad, message_id in zip(prepared, ids, strict=True)
            ]
            for bad in prepared:
                self._parts.journal.emit(
                    ToolSkipped(call_id=bad.call.id, name=bad.call.name, cause="lost")
                )
        self._talk.messages.extend(results)
        self._parts.journal.record(*results)

    # --- the end of the budget -------------------------------------------------------------

    async def _wrap_up(self) -> TurnFinished:
        limit = self._parts.max_steps
        self._notice("warn", "budget", f"Step limit of {limit} reached; asking for a summary.")
        reason = f"max_iterations_reached({self._steps}/{limit})"
        problem = "the model returned no text"
        for _ in range(2):
            self._asking.extra = (Message(role="user", content=policy.WRAP_UP),)
            try:
                answer = await self._asking.ask(())
            except ProviderError as error:
                problem = str(error)
                continue
            answer.retract_calls("invalid")
            if answer.text.strip():
                finish = self._finish_with(answer)
                return msgspec.structs.replace(finish, outcome="partial", reason=reason)
            answer.close(state="discarded")
        return TurnFinished(
            outcome="partial",
            reason=reason,
            error=f"I reached the limit of {limit} steps and could not summarise: {problem}",
            hint="Send a message to go on, or raise agent.max_turns.",
        )

    def _notice(self, level: str, code: str, text: str) -> None:
        self._parts.journal.emit(Notice(level=level, code=code, text=text))  # type: ignore[arg-type]
