"""The requests of one turn: built from the conversation, kept inside the window, counted."""

from __future__ import annotations

import msgspec

from hermes_core.agent.cancel import TurnCancel
from hermes_core.agent.compaction.room import Room
from hermes_core.agent.references.attaching import joined
from hermes_core.agent.sessions.conversation import Conversation
from hermes_core.agent.turns.answer import Answer
from hermes_core.agent.turns.history import request_history
from hermes_core.agent.turns.model_call import TOO_LONG, Steer
from hermes_core.agent.turns.turn_parts import TurnParts
from hermes_core.errors import ProviderError
from hermes_core.events import ContextGauge
from hermes_core.messages import Message, Usage
from hermes_core.providers.base import ModelRequest
from hermes_core.providers.facts.pricing import Cost

CAP_MARGIN_TOKENS = 64
"""Left free when a provider says how much room there is for the reply."""

Schemas = tuple[dict[str, object], ...]


class Asking:
    """Asks the model for one turn."""

    def __init__(
        self, parts: TurnParts, conversation: Conversation, *, cancel: TurnCancel, steer: Steer
    ) -> None:
        self.extra: tuple[Message, ...] = ()
        """Messages of the next request alone; never stored."""
        self.earlier: Answer | None = None
        """An answer stopped by the output limit, to be continued."""
        self.system = ""
        """Ephemeral system text that came with an input."""
        self.usage = Usage()
        self.costs: list[Cost] = []
        """Of each request that was answered."""
        self._parts = parts
        self._talk = conversation
        self._cancel = cancel
        self._steer = steer
        self._room = Room(parts.compactor, conversation, parts.estimate)
        self._cap: int | None = None

    async def ask(self, schemas: Schemas) -> Answer:
        """Send what is due and return the answer, its message still open.

        A conversation that has grown too long is shortened first, or when the provider
        says so; the same request then goes out again.

        Raises:
            ContextFull: It does not fit, and nothing more can be left out.
            ProviderError: No attempt is left.
            Cancelled: The turn was interrupted.
        """
        while True:
            request, tokens = await self._room.fit(
                lambda: self._request(schemas), cancel=self._cancel
            )
            try:
                answer = await self._parts.caller.ask(
                    self._parts.route,
                    request,
                    cancel=self._cancel,
                    steer=self._steer,
                    est_tokens=tokens,
                    used_call_ids=self._talk.used_call_ids,
                    continues=self.earlier,
                )
            except ProviderError as error:
                if not await self._mend(error, tokens) and not await self.fall_back(error):
                    raise
            else:
                self._took(request, tokens, answer)
                return answer

    def _request(self, schemas: Schemas) -> ModelRequest:
        notes = self._talk.notes
        messages = [
            msgspec.structs.replace(m, content=f"{notes[m.message_id]}\n\n{m.content}")
            if m.message_id in notes
            else m
            for m in (joined(one, self._talk.contexts) for one in self._talk.messages)
        ]
        return ModelRequest(
            runtime=self._talk.runtime,
            system=self._talk.system,
            messages=request_history([*self._talk.prefill, *messages, *self.extra]),
            tools=schemas,
            ephemeral_system="\n\n".join(t for t in (self._talk.overlay, self.system) if t),
            max_output_tokens=self._cap or self._parts.max_output_tokens,
            reasoning_effort=self._talk.effort,
            service_tier=self._talk.service_tier,
            session_id=self._parts.session_id,
        )

    async def _mend(self, error: ProviderError, tokens: int) -> bool:
        """Change what the provider refused for its size; False if that is not the matter."""
        if error.output_cap_tokens is not None and self._cap is None:
            self._cap = max(1, error.output_cap_tokens - CAP_MARGIN_TOKENS)
            return True
        if error.reason not in TOO_LONG:
            return False
        if not await self._room.after_refusal(error, tokens, cancel=self._cancel):
            raise self._room.full() from error
        return True

    async def fall_back(self, error: ProviderError) -> bool:
        """Let the next model of the chain answer; False if there is none."""
        runtime = await self._parts.route.fall_back(error)
        if runtime is None:
            return False
        self._talk.runtime, self._cap = runtime, None
        return True

    def _took(self, request: ModelRequest, tokens: int, answer: Answer) -> None:
        self.extra, self.earlier, self._cap = (), None, None
        reported = 0
        self.costs.append(answer.cost)
        if answer.usage is not None:
            reported = answer.usage.total_tokens
            self.usage += answer.usage
            if answer.usage.prompt_tokens:
                self._talk.last_prompt_tokens = answer.usage.prompt_tokens
                self._parts.calibrate(request, answer.usage)
        self._parts.journal.emit(
            ContextGauge(
                used=reported or tokens,
                window=self._talk.runtime.window_tokens,
                threshold=self._parts.compactor.limits.threshold,
                source="reported" if reported else "estimated",
            )
        )
