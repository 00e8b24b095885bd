"""Which conversation `--resume` and `--continue` go on with."""

from __future__ import annotations

import pytest

from hermes_core.errors import SessionNotFound
from hermes_core.events import MessageFinished
from hermes_core.messages import Message, Runtime
from hermes_core.paths import Home
from hermes_core.storage.projection import events_from_messages
from hermes_core.storage.records import SessionRecord
from hermes_core.storage.store import Store
from hermes_tui.command_line.choosing import chosen_in_home, chosen_with_end
from hermes_tui.options import RunOptions

KEPT = [
    SessionRecord(id="20260101_a1", source="cli", title="Release notes", started_at=1.0),
    SessionRecord(id="20260102_b2", source="cli", title="Release notes #2", started_at=2.0),
    SessionRecord(id="20260103_c3", source="api", title="From elsewhere", started_at=3.0),
]

RUNTIME = Runtime(model="m", provider="custom")


async def keep(home: Home) -> None:
    """Put conversations into the store, each with a message."""
    store = await Store.open(home)
    for record in KEPT:
        await store.create_session(record)
        text = f"in {record.id}"
        said = Message(role="user", content=text, message_id="m1", timestamp=record.started_at)
        events = events_from_messages([said], session_id=record.id, runtime=RUNTIME)
        await store.commit(record.id, messages=[said], events=events)
    await store.aclose()


@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        (RunOptions(), None),
        (RunOptions(resume="20260101_a1"), "20260101_a1"),
        (RunOptions(resume=" 20260103 "), "20260103_c3"),
        (RunOptions(resume="From elsewhere"), "20260103_c3"),
        (RunOptions(resume="Release notes"), "20260102_b2"),
        (RunOptions(continue_="Release notes"), "20260102_b2"),
        (RunOptions(continue_=""), "20260102_b2"),
    ],
)
async def test_a_conversation_is_meant_by_id_title_or_as_the_newest_of_the_terminal(
    home: Home, options: RunOptions, chosen: str | None
) -> None:
    await keep(home)
    assert await chosen_in_home(home, options) == chosen
    session_id, newest = await chosen_with_end(home, options)
    assert session_id == chosen
    assert (newest is None) is (chosen is None)
    if newest is not None:
        said = [event.text for event in newest.shown if isinstance(event, MessageFinished)]
        assert said == [f"in {chosen}"]


@pytest.mark.parametrize(
    ("options", "said", "hint"),
    [
        (RunOptions(resume="gone"), "No session found matching 'gone'.", "hermes sessions list"),
        (RunOptions(continue_="gone"), "No session found matching 'gone'.", "hermes sessions list"),
        (RunOptions(resume="2026"), "'2026' matches more than one session.", "Type more of the id"),
    ],
)
async def test_what_is_not_there_or_not_clear_is_said(
    home: Home, options: RunOptions, said: str, hint: str
) -> None:
    await keep(home)
    for choose in (chosen_in_home, chosen_with_end):
        with pytest.raises(SessionNotFound) as caught:
            await choose(home, options)
        assert (str(caught.value), hint in caught.value.hint) == (said, True)


async def test_in_a_new_home_there_is_nothing_to_continue_and_nothing_is_made(home: Home) -> None:
    assert await chosen_in_home(home, RunOptions()) is None
    assert not home.database.exists()
    with pytest.raises(SessionNotFound, match="No previous CLI session found to continue"):
        await chosen_in_home(home, RunOptions(continue_=""))
