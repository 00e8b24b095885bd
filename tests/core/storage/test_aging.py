"""What is cleared away with age, and what never is."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hermes_core.config.schema import Settings
from hermes_core.events import InputAccepted, InputState, Notice
from hermes_core.messages import Attachment, Message
from hermes_core.paths import Home
from hermes_core.storage.owner import current_owner
from hermes_core.storage.records import SessionRecord
from hermes_core.storage.store import Store
from hermes_core.upkeep import Cleared, Upkeep

DAY_S = 86_400


class Yard:
    """A home with conversations and files of any age."""

    def __init__(self, home: Home, store: Store) -> None:
        self.home = home
        self.store = store
        self.now = time.time()

    def file(self, path: Path, *, days: float) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        os.utime(path, (self.now - days * DAY_S,) * 2)
        return path

    async def conversation(self, name: str, *, days: float, attached: str = "") -> None:
        """One that ended so long ago, with a spilled result."""
        today, self.now = self.now, self.now - days * DAY_S
        await self.store.create_session(SessionRecord(id=name))
        files = (Attachment(path=attached),) if attached else ()
        said = Message(
            role="user", content="hello", message_id="a", attachments=files, timestamp=self.now
        )
        note = Notice(seq=1, session_id=name, level="info", code="x", text="kept for a while")
        ended = {"ended_at": self.now}
        await self.store.commit(name, messages=[said], events=[note], patch=ended)
        self.now = today
        self.file(self.home.spills / name / "c1.txt", days=days)

    def upkeep(self, **settings: object) -> Upkeep:
        return Upkeep(self.home, self.store, Settings.model_validate(settings))


@pytest.fixture
async def yard(home: Home) -> AsyncIterator[Yard]:
    made: list[Yard] = []
    store = await Store.open(home, clock=lambda: made[0].now if made else time.time())
    made.append(Yard(home, store))
    yield made[0]
    await store.aclose()


@pytest.mark.ac("retention")
async def test_old_logs_and_files_go_and_the_conversation_reads_as_before(yard: Yard) -> None:
    home, store = yard.home, yard.store
    referred = yard.file(home.spills / "old" / "context.txt", days=40)
    waiting = yard.file(home.spills / "old" / "input_1.json", days=40)
    await yard.conversation("old", days=40, attached=str(referred))
    await yard.conversation("young", days=20)
    yard.file(home.spills / "deleted" / "c1.txt", days=40)
    turned = yard.file(home.logs / "agent.log.1.gz", days=40)
    report = yard.file(home.logs / "crash-20250101.txt", days=40)
    current = yard.file(home.logs / "agent.log", days=40)
    recent = yard.file(home.logs / "errors.log.1.gz", days=2)
    upkeep = yard.upkeep()

    due = await upkeep.due()
    assert turned.exists()
    assert await upkeep.run() == due
    assert due.event_logs == ("old",)
    gone = [home.spills / "old" / "c1.txt", home.spills / "deleted", turned, report]
    assert [path for path in gone if path.exists()] == []
    kept = [referred, waiting, home.spills / "young" / "c1.txt", current, recent]
    assert [path for path in kept if not path.exists()] == []
    assert [message.content for message in await store.messages("old")] == ["hello"]
    shown = await store.events("old")
    assert any(getattr(event, "text", "") == "hello" for event in shown)
    assert not any(isinstance(event, Notice) for event in shown)
    assert any(isinstance(event, Notice) for event in await store.events("young"))


@pytest.mark.ac("retention")
async def test_nothing_goes_where_all_is_to_be_kept(yard: Yard) -> None:
    await yard.conversation("old", days=4_000)
    yard.file(yard.home.logs / "agent.log.1.gz", days=4_000)
    never = {"events_days": 0, "spills_days": 0, "logs_days": 0}
    assert await yard.upkeep(storage={"retention": never}).run() == Cleared()


@pytest.mark.ac("retention")
@pytest.mark.ac("auto-prune")
async def test_what_is_open_stays_and_unused_conversations_go_where_that_is_wanted(
    yard: Yard,
) -> None:
    for name in ("open", "unused"):
        await yard.conversation(name, days=100)
    await yard.conversation("used", days=80)
    await yard.store.take_lease("open", current_owner("/nowhere"), now=yard.now)
    due = await yard.upkeep().due()
    assert (due.conversations, due.event_logs) == ((), ("unused", "used"))
    await yard.upkeep(sessions={"auto_prune": True}).run()
    assert {one.id for one in await yard.store.list_sessions()} == {"open", "used"}
    assert not (yard.home.spills / "unused").exists()
    assert (yard.home.spills / "open" / "c1.txt").exists()


@pytest.mark.ac("retention")
async def test_a_message_that_was_never_delivered_keeps_the_log_it_stands_in(yard: Yard) -> None:
    await yard.conversation("old", days=40)
    waiting = InputAccepted(seq=2, session_id="old", input_id="i", mode="queue", text="and then?")
    await yard.store.commit("old", events=[waiting])
    assert (await yard.upkeep().run()).event_logs == ()
    assert waiting in await yard.store.events("old")
    taken = InputState(seq=3, session_id="old", input_id="i", state="cancelled")
    await yard.store.commit("old", events=[taken])
    assert (await yard.upkeep().run()).event_logs == ("old",)


async def test_one_of_several_programs_clears_away_once_a_day(yard: Yard) -> None:
    assert await yard.store.claim_upkeep(every_s=DAY_S)
    assert not await yard.store.claim_upkeep(every_s=DAY_S)
    yard.now += DAY_S
    assert await yard.store.claim_upkeep(every_s=DAY_S)
