"""The vi keys: commands by example, and what holds for every text and every key."""

from __future__ import annotations

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from hermes_widgets.composing import text_motions as find
from hermes_widgets.composing.composer_paste import PasteFold
from hermes_widgets.composing.vi import Vi, press

KEYS = "hjklwbeWBE0^$gGiaIAoOxXDCsSdcyYpPruJvV~fFtT;,123 .n\x00"
TEXTS = st.text(alphabet="ab_1 .,\n(日é", max_size=40)


def keyed(start: str, keys: str) -> Vi:
    """Press keys in normal mode; `|` in `start` is the cursor, `<` in `keys` is Escape."""
    vi = Vi(text=start.replace("|", ""), at=start.index("|"), mode="normal")
    for key in keys:
        if key != "<" and vi.mode == "insert":  # the field's own business
            vi = replace(vi, text=vi.text[: vi.at] + key + vi.text[vi.at :], at=vi.at + 1)
        else:
            vi = press(vi, "escape" if key == "<" else key)
    return vi


def shown(vi: Vi) -> str:
    """The text with the cursor as `|`."""
    return f"{vi.text[: vi.at]}|{vi.text[vi.at :]}"


@pytest.mark.ac("vi-commands")
@pytest.mark.parametrize(
    ("start", "keys", "end"),
    [
        ("|one two.three", "w", "one |two.three"),
        ("|one two.three", "ww", "one two|.three"),
        ("|one two.three", "WE", "one two.thre|e"),
        ("one two|", "b", "one |two"),
        ("|one two", "e", "on|e two"),
        ("one |two", "0", "|one two"),
        ("|one two", "$", "one tw|o"),
        ("  o|ne", "^", "  |one"),
        ("one\ntw|o\nthree", "gg", "|one\ntwo\nthree"),
        ("|one\ntwo\nthree", "G", "one\ntwo\n|three"),
        ("|one\ntwo\nthree", "2G", "one\n|two\nthree"),
        ("one|\nlonger\nx", "jj", "one\nlonger\n|x"),
        ("|one two", "x", "|ne two"),
        ("o|ne two", "2x", "o| two"),
        ("on|e", "X", "o|e"),
        ("one\nt|wo\nthree", "dd", "one\n|three"),
        ("one\nt|wo", "dd", "|one"),
        ("|one\ntwo\nthree", "2dd", "|three"),
        ("|one\ntwo\nthree", "dj", "|three"),
        ("one t|wo three", "D", "one |t"),
        ("|one two", "dw", "|two"),
        ("one |two\nthree", "dw", "one| \nthree"),
        ("|one two three", "d2w", "|three"),
        ("|one two three", "2dw", "|three"),
        ("|one two", "de", "| two"),
        ("one tw|o", "db", "one |o"),
        ("on|e two", "cwsix<", "onsi|x two"),
        ("one t|wo three", "ciwX<", "one |X three"),
        ("one t|wo three", "daw", "one |three"),
        ("|one two", "yiwP", "on|eone two"),
        ("|one\ntwo", "yyp", "one\n|one\ntwo"),
        ("one\n|two", "yyP", "one\n|two\ntwo"),
        ("|one", "xp", "n|oe"),
        ("|a(b)", "f(", "a|(b)"),
        ("|a.b.c", "f.;", "a.b|.c"),
        ("|one, two", "dt,", "|, two"),
        ("|one", "rx", "|xne"),
        ("|one", "~", "O|ne"),
        ("|one\n  two", "J", "one| two"),
        ("o|ne two", "vey", "o|ne two"),
        ("o|ne two", "vex", "o| two"),
        ("|one\ntwo\nthree", "Vjd", "|three"),
        ("one t|wo", "viwcX<", "one |X"),
        ("|one", "A!<", "one|!"),
        ("one|", "Ix<", "|xone"),
        ("|one", "otwo<", "one\ntw|o"),
        ("|one", "Otwo<", "tw|o\none"),
        ("|", "xdwddpJx", "|"),
    ],
)
def test_a_command_does_what_vi_does(start: str, keys: str, end: str) -> None:
    assert shown(keyed(start, keys)) == end


@pytest.mark.ac("vi-commands")
def test_the_first_and_last_line_lead_to_other_inputs_and_u_to_what_was() -> None:
    assert keyed("|one\ntwo", "k").wish == "older"
    assert keyed("one\n|two", "j").wish == "newer"
    assert keyed("one\n|two", "k").wish == ""
    assert keyed("|one", "u").wish == "undo"


def test_escape_takes_back_half_a_command_and_leaves_a_selection() -> None:
    assert keyed("|one two", "d<w").text == "one two"
    assert keyed("|one two", "vw<").mode == "normal"
    assert keyed("|one two", "12").pending == "12"


@pytest.mark.ac("vi-properties")
@seed(20_261_128)
@settings(max_examples=500, deadline=None)
@given(TEXTS, st.integers(0, 40), st.lists(st.sampled_from([*KEYS, "escape"]), max_size=25))
def test_no_key_leaves_the_text_or_makes_up_letters(text: str, at: int, keys: list[str]) -> None:
    vi = Vi(text=text, at=min(at, len(text)), mode="normal")
    for key in keys:
        before = vi
        vi = press(vi, key)
        assert 0 <= vi.at <= len(vi.text)
        if vi.mode != "insert" and before.mode != "insert":
            start, end = find.line_start(vi.text, vi.at), find.line_end(vi.text, vi.at)
            assert vi.at < end or start == end or vi.pending or vi.at == before.at
        assert 0 <= vi.selected[0] <= vi.selected[1] <= len(vi.text)
        if before.mode == "insert" and key != "escape":
            assert vi.text == before.text
        if not vi.pending and key in "hlwbeWBE0^$G;,vV" and not before.pending:
            assert vi.text == before.text, "a motion changes nothing"
        known = set(before.text + before.yanked + before.pending + key + "\n ")
        assert set(vi.text) <= known | set((before.text + before.yanked).swapcase())


@seed(20_261_128)
@settings(max_examples=500, deadline=None)
@given(TEXTS, st.integers(0, 40), st.sampled_from(["dw", "db", "de", "d$", "D", "dd", "x", "diw"]))
def test_what_is_deleted_can_be_put_back(text: str, at: int, keys: str) -> None:
    vi = press(Vi(text=text, at=min(at, len(text)), mode="insert"), "escape")
    before = vi
    for key in keys:
        vi = press(vi, key)
    if vi.text != before.text:
        taken = len(before.text) - len(vi.text)
        assert taken - len(vi.yanked) in ((0, 1) if keys == "dd" else (0,))  # the line break
        assert vi.yanked in before.text


@pytest.mark.ac("vi-properties")
@seed(20_261_128)
@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.one_of(TEXTS, st.sampled_from(["A", "B"])), max_size=6),
    st.integers(0, 60),
    st.lists(st.sampled_from([*KEYS, "escape"]), max_size=20),
)
def test_no_command_cuts_a_chip_in_half(parts: list[str], at: int, keys: list[str]) -> None:
    fold = PasteFold(2)
    labels = {"A": fold.fold("x\ny\n"), "B": fold.fold("1\n2\n3")}
    draft = "".join(labels.get(part, part) for part in parts)
    packed = fold.packed(draft)
    assert fold.unpacked(packed) == draft
    vi = Vi(text=packed, at=min(at, len(packed)), mode="normal")
    for key in keys:
        vi = press(vi, key)
    after = fold.unpacked(vi.text)
    for label in labels.values():
        assert fold.packed(after).count(fold.packed(label)) == after.count(label)
    if not any(label in after for label in labels.values()):
        assert "Pasted" not in after
