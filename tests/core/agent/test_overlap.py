"""Which calls of one reply may run at the same time, with the tools as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from hermes_core.agent.turns.calls import ReadyCall, may_overlap, prepare
from hermes_core.messages import ToolCall
from hermes_core.tools.registry import discover

BASE = Path("/project")
TOOLS = discover()


def ready(*wanted: tuple[str, dict[str, Any]]) -> list[ReadyCall]:
    found = []
    for number, (name, arguments) in enumerate(wanted):
        written = msgspec.json.encode(arguments).decode()
        call = prepare(ToolCall(id=f"c{number}", name=name, arguments=written), TOOLS)
        assert isinstance(call, ReadyCall), call
        found.append(call)
    return found


def read(path: str) -> tuple[str, dict[str, Any]]:
    return ("read_file", {"path": path})


def write(path: str) -> tuple[str, dict[str, Any]]:
    return ("write_file", {"path": path, "content": "x"})


@pytest.mark.ac("ac-6-1")
@pytest.mark.parametrize(
    ("calls", "overlap"),
    [
        ([read("a.py"), read("b.py"), ("search_files", {"pattern": "x"})], True),
        ([write("a.txt"), write("b.txt")], True),
        ([write("x"), write("x/y")], False),
        ([write("x/../a.txt"), read("/project/a.txt")], False),
        ([read("a.py"), ("terminal", {"command": "ls"})], False),
        ([read("a.py")], False),
        ([write("~nobody-there/a"), write("~nobody-there/b")], True),
    ],
)
def test_calls_overlap_only_where_none_can_touch_what_another_does(
    calls: list[tuple[str, dict[str, Any]]], overlap: bool
) -> None:
    assert may_overlap(ready(*calls), base=BASE) is overlap
