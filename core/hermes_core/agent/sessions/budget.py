"""What a conversation may cost or use, and what happens before it would be more.

A person who is there is asked; where nobody is, the request is refused. What a request
will cost is known only in part before it is sent: its prompt counts, estimated and at
the price of text that is in no cache. A model without a known price cannot be kept
inside a limit, which is said and not passed over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import ClassVar

from hermes_core.agent.cancel import TurnCancel
from hermes_core.agent.sessions.token_allowance import TokenAllowance
from hermes_core.errors import HermesError
from hermes_core.messages import Runtime, Usage
from hermes_core.providers.facts.pricing import Cost, Price

STOP = "Stop here"
GO_ON_UNCOUNTED = "Go on without a limit"

AskPerson = Callable[[str, tuple[str, ...], TurnCancel], Awaitable[str | None]]
"""Puts a question with choices to the person; None if nobody is there or answers."""


class LimitReached(HermesError):
    """The next request may go past what the conversation may take."""

    reason: ClassVar[str]
    """How the turn ended, for programs."""


class CostLimitReached(LimitReached):
    """It may cost too much."""

    reason = "cost_limit"


class TokenLimitReached(LimitReached):
    """It may use too many tokens."""

    reason = "token_limit"


class Budget:
    """The limit of one conversation and of the agents that work for it.

    Args:
        limit: In USD; None: there is none.
        price: What tokens cost at a runtime.
        ask: Asks the person.
        spent: What earlier runs of the conversation cost, in USD.
        is_known: Whether all of that has a known price.
        tokens: The limit of tokens beside it.
    """

    def __init__(
        self,
        limit: Decimal | None,
        *,
        price: Price,
        ask: AskPerson,
        spent: Decimal = Decimal(0),
        is_known: bool = True,
        tokens: TokenAllowance | None = None,
    ) -> None:
        self.limit = limit
        self.spent = spent
        """What is known to have been spent, in USD."""
        self.is_known = is_known
        """Whether every request so far had a known price."""
        self.tokens = tokens or TokenAllowance()
        self._price = price
        self._ask = ask
        self._step = limit or Decimal(0)
        self._asked_tokens = 0
        self._asking = asyncio.Lock()

    def counted(self, usage: Usage, cost: Cost) -> None:
        """Add what a request used and cost."""
        # A service that reports nothing still used what was sent.
        self.tokens.used += usage.total_tokens or self._asked_tokens
        if cost.amount_usd is None:
            self.is_known = False
        else:
            self.spent += cost.amount_usd

    async def allow(self, runtime: Runtime, est_tokens: int, cancel: TurnCancel) -> None:
        """Return if a request may be sent; ask the person if it goes past a limit.

        Raises:
            LimitReached: It may not.
            Cancelled: The turn was interrupted while the person was asked.
        """
        async with self._asking:
            await self._allow_tokens(est_tokens, cancel)
            while (problem := self._problem(runtime, est_tokens)) is not None:
                raised, hint = self._raised(runtime, est_tokens)
                choice = GO_ON_UNCOUNTED if raised is None else f"Go on up to ${raised}"
                answer = await self._ask(f"{problem} Go on?", (choice, STOP), cancel)
                if answer != choice:
                    raise CostLimitReached(problem, hint=hint)
                self.limit = raised
            self._asked_tokens = est_tokens

    async def _allow_tokens(self, est_tokens: int, cancel: TurnCancel) -> None:
        while (problem := self.tokens.problem(est_tokens)) is not None:
            raised = self.tokens.raised(est_tokens)
            choice = f"Go on up to {raised:,} tokens"
            if await self._ask(f"{problem} Go on?", (choice, STOP), cancel) != choice:
                hint = "Raise agent.max_total_tokens (--max-tokens), or begin a new conversation."
                raise TokenLimitReached(problem, hint=hint)
            self.tokens.limit = raised

    def refusal(self, runtime: Runtime, est_tokens: int) -> str | None:
        """Why a side job may not be asked, without bothering the person; None: it may."""
        return self.tokens.problem(est_tokens) or self._problem(runtime, est_tokens)

    def _problem(self, runtime: Runtime, est_tokens: int) -> str | None:
        if self.limit is None:
            return None
        next_cost = self._prompt_cost(runtime, est_tokens)
        if not self.is_known or next_cost is None:
            model = f"{runtime.model or 'the model'} ({runtime.provider})"
            which = model if self.is_known else "a request so far"
            return (
                f"The price of {which} is not known, so the limit of ${self.limit} cannot be kept."
            )
        if self.spent + next_cost <= self.limit and self.spent < self.limit:
            return None
        return (
            f"This conversation has cost {_shown(self.spent)} and its next request costs at"
            f" least {_shown(next_cost)}: the limit is ${self.limit}."
        )

    def _raised(self, runtime: Runtime, est_tokens: int) -> tuple[Decimal | None, str]:
        """The limit to offer, None for no limit at all, and what else can be done."""
        next_cost = self._prompt_cost(runtime, est_tokens)
        if self.limit is None or not self.is_known or next_cost is None:
            return None, "Leave the limit out, or choose a model whose price is known."
        missing = self.spent + next_cost - self.limit
        raised = self.limit + max(Decimal(1), missing // self._step + 1) * self._step
        return raised, "Raise agent.max_cost_usd (--max-cost), or begin a new conversation."

    def _prompt_cost(self, runtime: Runtime, est_tokens: int) -> Decimal | None:
        return self._price(Usage(input_tokens=max(est_tokens, 1)), runtime).amount_usd


def _shown(amount: Decimal) -> str:
    return f"${amount:.4f}" if amount < Decimal("0.1") else f"${amount:.2f}"


def no_limit() -> Budget:
    """A budget that allows everything."""

    async def nobody(question: str, choices: tuple[str, ...], cancel: TurnCancel) -> None:
        return None

    return Budget(None, price=lambda usage, runtime: Cost(), ask=nobody)
