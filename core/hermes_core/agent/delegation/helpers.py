"""Everything that works for one session, behind one door."""

from __future__ import annotations

from msgspec import Struct

from hermes_core.agent.delegation.background import BackgroundWork
from hermes_core.agent.delegation.children import Children


class Helpers(Struct, frozen=True):
    """See `SessionHelpers`."""

    children: Children
    background: BackgroundWork

    def spawn(self, prompt: str) -> str:
        """Start an agent beside the conversation; returns its id."""
        return self.background.spawn(prompt)

    def ask(self, question: str) -> str:
        """Answer a question on the side; returns its id."""
        return self.background.ask(question)

    def stop(self, agent_id: str) -> bool:
        """Stop a child or background work; False if it does not run."""
        return self.children.stop(agent_id) or self.background.stop(agent_id)

    def stop_all(self) -> bool:
        """Stop all background work; False if there is none."""
        return self.background.stop_all()

    async def aclose(self) -> None:
        """Stop everything and wait for its end."""
        await self.children.aclose()
        await self.background.aclose()
