"""What a branch takes along from a conversation that was summarised."""

from __future__ import annotations

import pytest

from hermes_core.errors import SessionNotFound
from hermes_core.messages import SUMMARY_ID, Message
from hermes_core.storage.records import SessionRecord, Shortening
from hermes_core.storage.store import Store


def said(message_id: str) -> Message:
    return Message(role="user", content=message_id, message_id=message_id)


@pytest.mark.ac("branch-session")
async def test_a_summary_goes_along_only_if_it_stands_before_the_cut(store: Store) -> None:
    await store.create_session(SessionRecord(id="old"))
    await store.commit("old", messages=[said(f"m{n}") for n in range(6)])
    summary = said(f"{SUMMARY_ID}1")
    await store.compact(
        "old", Shortening(dropped=["m0", "m1", "m2"], summary=[summary], before="m3")
    )

    assert await store.branch("old", "late", before_message_id="m5") == 5
    active = [m.message_id for m in await store.messages("late")]
    assert active == [summary.message_id, "m3", "m4"]

    assert await store.branch("old", "early", before_message_id="m2") == 2
    assert [m.message_id for m in await store.messages("early")] == ["m0", "m1"]

    await store.branch("old", "all")
    assert (await store.session("all")).message_count == (await store.session("old")).message_count
    assert await store.events("all")
    with pytest.raises(SessionNotFound):
        await store.branch("old", "none", before_message_id="m9")
    assert "none" not in await store.session_ids()
