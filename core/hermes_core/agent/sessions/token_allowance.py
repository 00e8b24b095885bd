"""How many tokens a conversation may use, in and out, over all of its requests."""

from __future__ import annotations

import math


class TokenAllowance:
    """Counts against a limit.

    Args:
        limit: Tokens; None: there is none.
        used: What earlier runs of the conversation used.
    """

    def __init__(self, limit: int | None = None, *, used: int = 0) -> None:
        self.limit = limit
        self.used = used
        self._step = limit or 0

    def problem(self, est_tokens: int) -> str | None:
        """Why a request of that size may not be sent; None: it may.

        Args:
            est_tokens: Estimated size of its prompt; the reply comes on top.
        """
        if self.limit is None or self.used + max(est_tokens, 1) <= self.limit:
            return None
        return (
            f"This conversation has used {self.used:,} tokens and its next request needs at"
            f" least {est_tokens:,}: the limit is {self.limit:,}."
        )

    def raised(self, est_tokens: int) -> int:
        """The next limit that has room for the request."""
        assert self.limit is not None
        missing = self.used + max(est_tokens, 1) - self.limit
        return self.limit + max(1, math.ceil(missing / self._step)) * self._step
