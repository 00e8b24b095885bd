"""Summarising because the person asked for it, while no turn runs."""

from __future__ import annotations

import logging

from hermes_core.agent.cancel import TurnCancel
from hermes_core.agent.compaction.compactor import Outcome
from hermes_core.agent.sessions.conversation import Conversation
from hermes_core.agent.turns.turn_parts import TurnParts
from hermes_core.errors import Cancelled
from hermes_core.events import Notice
from hermes_core.providers.base import ModelRequest

_log = logging.getLogger(__name__)

NOTHING = "No changes: there is nothing that could be left out yet."


class CompactionByHand:
    """Runs once, in the place of a turn."""

    def __init__(self, parts: TurnParts, conversation: Conversation, focus: str) -> None:
        self.cancel = TurnCancel()
        self._parts = parts
        self._talk = conversation
        self._focus = focus

    async def run(self) -> None:
        """Shorten the conversation, or say that there is nothing to shorten."""
        parts, talk = self._parts, self._talk
        fixed = ModelRequest(
            runtime=talk.runtime,
            system=talk.system,
            messages=(),
            tools=tuple(tool.schema() for tool in parts.tools),
            ephemeral_system=talk.overlay,
        )
        outcome: Outcome
        try:
            outcome = await parts.compactor.shorten(
                "manual",
                fixed_tokens=parts.estimate(fixed),
                cancel=self.cancel,
                focus=self._focus,
            )
        except Cancelled:
            outcome = "failed"  # told by compaction.failed
        except Exception as error:  # noqa: BLE001  a bug ends this, not the session
            _log.exception("summarising by hand broke")
            text = f"The conversation could not be summarised: {type(error).__name__}: {error}"
            parts.journal.emit(Notice(level="error", code="compaction_broke", text=text[:500]))
            outcome = "failed"
        if outcome == "nothing":
            parts.journal.emit(Notice(level="info", code="compaction_nothing", text=NOTHING))
        await parts.journal.flush()
