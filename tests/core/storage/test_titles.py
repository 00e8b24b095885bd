"""Titles, and finding a conversation by what a person types."""

from __future__ import annotations

import pytest

from hermes_core.errors import SessionNotFound, StoreError, TitleTaken
from hermes_core.storage.records import SessionRecord
from hermes_core.storage.store import Store


async def add(store: Store, *ids: str) -> None:
    for session_id in ids:
        await store.create_session(SessionRecord(id=session_id))


async def test_a_title_is_cleaned_of_what_cannot_be_seen(store: Store) -> None:
    assert await store.set_title("s1", " My\t\u200bpro\u202eject\x07 \n x ") == "My project x"
    assert (await store.session("s1")).title == "My project x"
    assert await store.set_title("s1", "\u200b ") == ""
    assert (await store.session("s1")).title is None


async def test_a_title_too_long_is_refused_with_its_length(store: Store) -> None:
    with pytest.raises(StoreError, match=r"^Title too long \(101 chars, max 100\)$"):
        await store.set_title("s1", "x" * 101)


@pytest.mark.ac("title-clash")
async def test_a_title_in_use_names_its_session(store: Store) -> None:
    await add(store, "s2")
    await store.set_title("s1", "x")
    assert await store.set_title("s1", "x") == "x"
    with pytest.raises(TitleTaken, match=r"^Title 'x' is already in use by session s1$"):
        await store.set_title("s2", "x")
    with pytest.raises(SessionNotFound):
        await store.set_title("nope", "y")


@pytest.mark.ac("title-lineage")
async def test_a_name_opens_the_newest_of_its_line(store: Store) -> None:
    await add(store, "s2", "s10", "s3")
    for session_id, title in (
        ("s1", "my project"),
        ("s2", "my project #2"),
        ("s10", "my project #10"),
        ("s3", "my project #x"),
    ):
        await store.set_title(session_id, title)
    assert await store.resolve("my project") == "s10"
    assert await store.resolve("my project #2") == "s2"
    assert await store.next_title("my project") == "my project #11"
    assert await store.next_title("my project #2") == "my project #11"
    assert await store.next_title("fresh") == "fresh"


@pytest.mark.ac("session-prefix")
async def test_a_prefix_must_be_unique(store: Store) -> None:
    await add(store, "20250101_a%1", "20250101_b_2")
    assert await store.resolve("20250101_a") == "20250101_a%1"
    assert await store.resolve(" 20250101_b_2 ") == "20250101_b_2"
    with pytest.raises(SessionNotFound, match="more than one"):
        await store.resolve("20250101")
    for text in ("nope", "", "%", "_"):
        with pytest.raises(SessionNotFound, match="No session found matching"):
            await store.resolve(text)
