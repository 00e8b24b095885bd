"""The contract of events and commands, held against its golden file."""

from __future__ import annotations

import typing
from pathlib import Path

import msgspec
import pytest

from hermes_core import commands, events

GOLDEN = Path(__file__).parent / "golden"
EVENTS = typing.get_args(events.CoreEvent)
COMMANDS = typing.get_args(commands.CoreCommand)


def lines(name: str) -> list[str]:
    return (GOLDEN / name).read_text("utf-8").splitlines()


@pytest.mark.ac("contract-golden")
@pytest.mark.parametrize("line", lines("events.jsonl"))
def test_event_of_golden_file_round_trips_to_same_bytes(line: str) -> None:
    assert events.encode_event(events.decode_event(line)).decode() == line


@pytest.mark.ac("contract-golden")
@pytest.mark.parametrize("line", lines("commands.jsonl"))
def test_command_of_golden_file_round_trips_to_same_bytes(line: str) -> None:
    assert commands.encode_command(commands.decode_command(line)).decode() == line


def test_golden_file_has_one_example_of_every_event_and_command() -> None:
    kinds = [type(events.decode_event(line)) for line in lines("events.jsonl")]
    assert kinds == list(EVENTS)
    asked = [type(commands.decode_command(line)) for line in lines("commands.jsonl")]
    assert asked == list(COMMANDS)


def test_class_names_follow_their_tags() -> None:
    for kind in EVENTS:
        tag = str(kind.__struct_config__.tag)
        camel = "".join(part.capitalize() for part in tag.replace(".", "_").split("_"))
        assert kind.__name__ == camel


def test_stored_events_carry_seq_and_live_ones_after() -> None:
    for line in lines("events.jsonl"):
        event = events.decode_event(line)
        assert (event.seq is not msgspec.UNSET) == event.stored
        assert (event.after is not msgspec.UNSET) == (not event.stored)


def test_unknown_event_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        events.decode_event('{"type":"message.whispered"}')
