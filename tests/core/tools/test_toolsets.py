"""Which tools a session offers: named groups, one's own groups, doors."""

from __future__ import annotations

from typing import Any

import pytest

from hermes_core.config.schema import Settings
from hermes_core.tools.registry import discover
from hermes_core.tools.toolsets import select

TOOLS = discover()
FILE = {tool.name for tool in TOOLS if tool.toolset == "file"}
TERMINAL = {tool.name for tool in TOOLS if tool.toolset == "terminal"}


def offered(*asked: str, custom: Any = None, **more: Any) -> set[str]:
    settings = Settings.model_validate({"custom_toolsets": custom or {}} | more)
    return set(select(TOOLS, settings, asked=asked or None, environ={}).tools.names())


def test_without_a_word_everything_that_works_here_is_offered() -> None:
    assert offered() >= FILE | TERMINAL
    assert offered() == offered("all") == offered("*") == offered("hermes-anything")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (("file",), FILE),
        ((" file ", "terminal"), FILE | TERMINAL),
        (("file_tools",), FILE),
        (("debugging",), FILE | TERMINAL),
        (("safe",), set()),
    ],
)
def test_a_name_stands_for_its_tools(asked: tuple[str, ...], expected: set[str]) -> None:
    found = offered(*asked)
    assert found >= expected
    assert not found & (FILE | TERMINAL) - expected


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        (["read_file", "terminal"], {"read_file", "terminal"}),
        (["file", "terminal"], FILE | {"terminal"}),
        ({"tools": ["read_file"]}, {"read_file"}),
        ({"tools": ["read_file"], "includes": ["file"]}, FILE),
        ({"includes": ["mine", "file"]}, FILE),
        (["no_such_tool", "read_file"], {"read_file"}),
        ("read_file", {"read_file"}),
        ({"tools": "read_file", "includes": "file"}, FILE),
        ({"tools": None}, set()),
        (None, set()),
        (7, set()),
    ],
)
def test_a_group_of_ones_own_holds_tools_and_other_groups(
    definition: Any, expected: set[str]
) -> None:
    assert offered("mine", custom={"mine": definition}) == expected


def test_groups_that_name_each_other_end() -> None:
    custom = {"one": ["two", "read_file"], "two": {"includes": ["one"], "tools": ["terminal"]}}
    assert offered("one", custom=custom) == {"read_file", "terminal"}


def test_a_name_nobody_knows_is_told_and_the_rest_is_offered() -> None:
    found = select(TOOLS, Settings(), asked=["file", "fiel"], environ={})
    (warning,) = found.warnings
    assert warning.startswith("There is no toolset fiel; there are ")
    assert " file," in warning
    assert set(found.tools.names()) == FILE


def test_a_group_of_ones_own_that_holds_nothing_is_told() -> None:
    settings = Settings.model_validate({"custom_toolsets": {"mine": None}})
    found = select(TOOLS, settings, asked=["mine"], environ={})
    assert found.warnings == ("custom_toolsets.mine names no tool there is.",)


def test_what_is_written_for_a_door_counts_unless_other_groups_are_asked_for() -> None:
    settings = Settings.model_validate({"platform_toolsets": {"cli": ["file"]}})
    assert set(select(TOOLS, settings, environ={}).tools.names()) == FILE
    assert set(select(TOOLS, settings, asked=["terminal"], environ={}).tools.names()) == TERMINAL


def test_nobody_is_asked_questions_behind_the_http_api() -> None:
    on_screen = select(TOOLS, Settings(), environ={}).tools.names()
    behind = select(TOOLS, Settings(), platform="api_server", environ={}).tools.names()
    assert set(on_screen) - set(behind) == {"clarify"}
