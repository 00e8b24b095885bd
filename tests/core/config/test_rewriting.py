"""One key changed, the rest as it was: over many files and values."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from hermes_core.config.rewriting import with_value, without_value
from hermes_core.errors import ConfigError

NAMES = st.sampled_from(["a", "b", "model", "on", "1", "x y", "key#"])
TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12),
    st.sampled_from(["off", "yes", "1:30", "0o7", "1_0", "~", "null", "- a", "a: b", "x # y", "{"]),
    st.sampled_from(["2024-13-45", "2024-01-05", "1" * 5000]),
    st.sampled_from(["two\nlines\n", "tab\there", "'", '"', "*a", "&a", "!t", "%d", "@", "`"]),
)
SCALARS = st.one_of(TEXTS, st.booleans(), st.integers(-5, 5000), st.sampled_from([0.5, 1.25]))
TREES = st.dictionaries(
    NAMES,
    st.one_of(SCALARS, st.lists(SCALARS, max_size=2), st.dictionaries(NAMES, SCALARS, max_size=3)),
    max_size=4,
)


def read(text: str) -> dict[str, Any]:
    return yaml.safe_load(text) or {}


@pytest.mark.parametrize("value", ["2024-13-45", "2024-01-05", "1" * 5000, "12:30:99"])
def test_text_that_looks_like_a_date_or_number_stays_text(value: str) -> None:
    for text in ("", "a: b\n", "a: 'b'\n"):
        assert read(with_value(text, ("a",), value)) == {"a": value}


@given(tree=TREES, section=NAMES, name=NAMES, value=SCALARS, flow=st.booleans())
@settings(max_examples=500, deadline=None)
def test_the_value_is_there_and_nothing_else_changed(
    tree: dict[str, Any], section: str, name: str, value: Any, flow: bool
) -> None:
    if not isinstance(tree.get(section, {}), dict):
        del tree[section]
    text = yaml.safe_dump(tree, allow_unicode=True, default_flow_style=flow, sort_keys=False)
    expected = {**tree, section: {**tree.get(section, {}), name: value}}

    changed = with_value(text, (section, name), value)

    assert read(changed) == expected
    del expected[section][name]
    if not expected[section]:
        del expected[section]
    assert read(without_value(changed, (section, name))) == expected


@pytest.mark.parametrize(
    ("text", "path", "value", "result"),
    [
        ("a:   1    # one\nb: 2\n", ("a",), 3, "a:   3    # one\nb: 2\n"),
        ("a: {b: 1,   c: 2}\n", ("a", "b"), "x", "a: {b: x,   c: 2}\n"),
        ("a: 'it''s'\n", ("a",), "don't", "a: 'don''t'\n"),
        ("a: off\n", ("a",), "on", 'a: "on"\n'),
        ("é: 1\na: ü # ö\n", ("a",), "ß", "é: 1\na: ß # ö\n"),
    ],
)
def test_a_plain_value_is_replaced_in_its_place(
    text: str, path: tuple[str, ...], value: Any, result: str
) -> None:
    assert with_value(text, path, value) == result


def test_a_removed_key_that_is_not_there_is_an_error() -> None:
    for path in (("b",), ("a", "b"), ("c", "d")):
        with pytest.raises(KeyError):
            without_value("a: 1\nc: {}\n", path)


def test_text_that_is_no_mapping_is_refused() -> None:
    for text in ("- a\n", "a: [\n", "a: 1\na: 2\n"):
        with pytest.raises(ConfigError):
            with_value(text, ("x", "y"), 1)
