"""Cutting events out of bytes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hermes_core.providers.wires.sse import (
    MAX_EVENT_BYTES,
    EventSplitter,
    EventTooLarge,
    ServerEvent,
)


def _cut(*packets: bytes) -> list[ServerEvent]:
    splitter = EventSplitter()
    events = [event for packet in packets for event in splitter.feed(packet)]
    return [*events, *splitter.finish()]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_events_names_comments_and_joined_data_are_told_apart(end: bytes) -> None:
    lines = [b": hello", b"event: ping", b"data: {}", b"", b"data: one", b"data:two", b"id: 7", b""]
    assert _cut(end.join(lines) + end) == [ServerEvent("ping", b"{}"), ServerEvent("", b"one\ntwo")]


def test_a_bare_carriage_return_ends_a_line() -> None:
    assert _cut(b"data: a\r\rdata: b\r\r\n") == [ServerEvent("", b"a"), ServerEvent("", b"b")]


def test_a_byte_order_mark_is_not_part_of_the_first_field() -> None:
    assert _cut(b"\xef\xbb\xbfdata: a\n\n") == [ServerEvent("", b"a")]


def test_an_event_without_its_blank_line_counts_at_the_end() -> None:
    assert _cut(b"data: [DONE]") == [ServerEvent("", b"[DONE]")]


def test_an_endless_line_is_refused() -> None:
    splitter = EventSplitter()
    with pytest.raises(EventTooLarge):
        list(splitter.feed(b"data: " + b"x" * MAX_EVENT_BYTES))


@settings(max_examples=500, derandomize=True, deadline=None)
@given(st.lists(st.text(st.characters(exclude_characters="\r\n")), max_size=8), st.data())
def test_any_packet_borders_give_the_same_events(texts: list[str], data: st.DataObject) -> None:
    whole = b"".join(f"data: {text}\r\n\r\n".encode() for text in texts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    borders = [0, *cuts, len(whole)]
    packets = [whole[a:b] for a, b in itertools.pairwise(borders)]
    assert [event.data.decode() for event in _cut(*packets)] == texts
