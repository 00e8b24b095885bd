"""The schema as other things see it: the page, the flat list of keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from hermes_core.config.keys import ANY, all_keys, by_variable, find, is_known
from hermes_core.config.later_keys import LATER
from hermes_core.config.reference_page import page
from hermes_core.config.schema import Settings
from hermes_core.config.spelling import MOVED

PAGE = Path(__file__).parents[3] / "docs" / "configuration.md"


@pytest.mark.ac("config-page")
def test_the_page_is_the_one_the_schema_writes() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_key_has_a_description_and_a_default_of_its_own_type() -> None:
    assert [key.path for key in all_keys() if not key.description] == []
    assert Settings.model_validate(Settings().model_dump(by_alias=True)) == Settings()


def test_a_variable_sets_one_key_only() -> None:
    names = [name for key in all_keys() for name in key.environment]

    assert len(names) == len(set(names)) == len(by_variable())


def test_newer_spellings_exist_and_kept_keys_are_not_read() -> None:
    assert [new for _old, new in MOVED if find(new) is None] == []
    assert [name for name in LATER if find(name) is not None] == []


@pytest.mark.parametrize(
    ("path", "means"),
    [
        ("approvals.mode", "approvals.mode"),
        ("providers.mine.url", f"providers.{ANY}.base_url"),
        ("custom_toolsets.mine.tools", "custom_toolsets"),
        ("approvals.nope", None),
        ("nope", None),
    ],
)
def test_a_dotted_name_finds_its_key(path: str, means: str | None) -> None:
    found = find(path)

    assert (found.path if found else None) == means
    assert is_known(tuple(path.split("."))) == (means is not None)
