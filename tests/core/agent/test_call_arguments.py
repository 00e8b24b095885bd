"""What a model writes as the arguments of a call, and what is made of it."""

from __future__ import annotations

from typing import Any

import pytest

from hermes_core.agent.turns.calls import (
    BadCall,
    ReadyCall,
    looks_truncated,
    mend_json,
    prepare,
    sendable,
    without_duplicates,
)
from hermes_core.agent.turns.history import compact_arguments
from hermes_core.messages import ToolCall
from hermes_core.providers.failures.failures import read_body
from hermes_core.tools.registry import discover

TOOLS = discover()
DEEP = "[" * 50_000
DEEP_OBJECT = '{"a":' * 50_000


def call(name: str, arguments: str) -> ToolCall:
    return ToolCall(id="c1", name=name, arguments=arguments)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ('{"path": "a"}', {"path": "a"}),
        ("", {}),
        ("  \n", {}),
        ("null", {}),
        ('""', {}),
        ('{"path": "a\nb"}', {"path": "a\nb"}),
        ('{"path": "a\x01b"}', {"path": "a\x01b"}),
        ('{"path": "a",}', {"path": "a"}),
        ('{"path": "a"}{"path": "a"}', {"path": "a"}),
        ('{"path": "a"} {"path": "b"}', None),
        ('"{\\"path\\": \\"a\\"}"', {"path": "a"}),
        ('[{"path": "a"}]', {"path": "a"}),
        ('[{"path": "a"}, {"path": "b"}]', None),
        ('"no object"', None),
        ('"[1]"', None),
        ("7", None),
        ('{"path": "a', None),
        ("1" * 5_000, None),
        (DEEP, None),
        (DEEP_OBJECT, None),
        (f'"{DEEP}"', None),
    ],
)
def test_only_what_loses_nothing_is_mended(text: str, meant: dict[str, Any] | None) -> None:
    assert mend_json(text) == meant
    kept = sendable(call("read_file", text)).arguments
    assert kept == (text if meant is not None else "{}")


@pytest.mark.parametrize(
    ("text", "is_cut"),
    [
        ('{"path": "a', True),
        (DEEP_OBJECT, True),
        ('{"path": "a"', True),
        ('{"path": "a"}', False),
        ('{"path" "a"}', False),
        ("", False),
    ],
)
def test_arguments_that_just_stop_are_told_from_broken_ones(text: str, is_cut: bool) -> None:
    assert looks_truncated(text) is is_cut


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("read_file", "read_file"),
        ("READ_FILE", "read_file"),
        (" Read-File ", "read_file"),
        ("read_fileread_file", "read_file"),
        ("read_fil", "read_file"),
        ("terminl", None),
        ("nothing_like_it", None),
        ("x" * 5_000, None),
    ],
)
def test_a_name_is_mended_where_a_wrong_guess_could_do_no_harm(
    name: str, found: str | None
) -> None:
    made = prepare(call(name, '{"path": "a"}'), TOOLS)
    if found is None:
        assert isinstance(made, BadCall)
        assert made.unknown_name
        assert "does not exist." in made.error
        assert len(made.error) < 1_000
        assert ("Did you mean terminal?" in made.error) is (name == "terminl")
    else:
        assert isinstance(made, ReadyCall)
        assert made.tool.name == found


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (DEEP_OBJECT, "Error: Invalid JSON arguments."),
        ('{"path": "a', "Error: Invalid JSON arguments."),
        ("{}", "Invalid arguments for read_file:"),
        ('{"path": {"a": 1}}', "Invalid arguments for read_file:"),
        ('{"path": "a", "limit": "many"}', "Invalid arguments for read_file:"),
    ],
)
def test_arguments_that_cannot_be_used_are_told_to_the_model(arguments: str, said: str) -> None:
    made = prepare(call("read_file", arguments), TOOLS)
    assert isinstance(made, BadCall)
    assert made.error.startswith(said)


def test_values_in_the_wrong_dress_and_explicit_nulls_are_taken() -> None:
    made = prepare(call("read_file", '{"path": "a", "limit": "7", "offset": null}'), TOOLS)
    assert isinstance(made, ReadyCall)
    assert getattr(made.args, "limit") == 7  # noqa: B009  the type is the tool's own
    todos = (
        '{"todos": "[{\\"id\\": \\"1\\", \\"content\\": \\"x\\", \\"status\\": \\"pending\\"}]"}'
    )
    assert isinstance(prepare(call("todo", todos), TOOLS), ReadyCall)


def test_the_same_call_twice_is_run_once() -> None:
    first, same, other = (
        call("read_file", text) for text in ('{"path": "a"}', ' {"path": "a"} ', '{"path": "b"}')
    )
    assert without_duplicates([first, same, other]) == ([first, other], [same])


@pytest.mark.parametrize("text", [DEEP, DEEP_OBJECT, "1" * 5_000, "no JSON"])
def test_no_text_of_a_model_or_a_service_ends_the_turn(text: str) -> None:
    assert compact_arguments(text) == text
    error = {"error": {"message": "busy", "metadata": {"raw": text}}}
    assert "busy" in read_body(error).text
