"""Control sequences, bounded captures and exit codes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hermes_core.terminals.ansi import LiveText, strip_controls
from hermes_core.terminals.capture import Capture, RollingText, clip
from hermes_core.terminals.exit_codes import last_program, meaning


@pytest.mark.ac("terminal-ansi")
@pytest.mark.parametrize(
    "sequence",
    [
        "\x1b[31m",
        "\x1b[?25l",
        "\x1b[38:2::1:2:3m",
        "\x1b[>4;2m",
        "\x1b]0;title\x07",
        "\x1b]8;;http://x\x1b\\",
        "\x1bPq#0\x1b\\",
        "\x1bXsos\x1b\\",
        "\x1b^pm\x1b\\",
        "\x1b_apc\x1b\\",
        "\x1b(B",
        "\x1b#8",
        "\x1b7",
        "\x1bM",
        "\x9b1m",
        "\x9d0;t\x9c",
        "\x85",
        "\x07",
        "\x08",
        "\x00",
    ],
)
def test_a_control_sequence_leaves_no_trace(sequence: str) -> None:
    assert strip_controls(f"a{sequence}b") == "ab"
    live = LiveText()
    shown = "".join(live.feed(bytes([byte])) for byte in f"a{sequence}b".encode())
    assert shown + live.feed(b"", final=True) == "ab"


def test_text_and_its_line_ends_stay() -> None:
    assert strip_controls("a\tb\r\nc\rd [31m é 漢\n") == "a\tb\nc\rd [31m é 漢\n"


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab\n\r漢é\x1b[]m;0\x07", max_size=40), st.lists(st.integers(1, 5)))
def test_live_text_does_not_depend_on_where_it_is_cut(text: str, sizes: list[int]) -> None:
    data, at = text.encode(), 0
    live = LiveText()
    shown = ""
    for size in sizes:
        shown += live.feed(data[at : at + size])
        at += size
    shown += live.feed(data[at:], final=True)
    assert shown == strip_controls(text)


def test_a_capture_keeps_both_ends() -> None:
    capture = Capture(head_bytes=4, tail_bytes=4)
    for chunk in (b"ab", b"cdef", b"gh", b"ij", b"kl"):
        capture.add(chunk)
    assert (capture.total_bytes, capture.dropped_bytes) == (12, 4)
    assert capture.text() == "abcd\n... [4 bytes were not kept] ...\nijkl"


def test_a_small_capture_is_whole() -> None:
    capture = Capture(head_bytes=4, tail_bytes=4)
    for chunk in ("é€".encode()[:3], "é€".encode()[3:]):
        capture.add(chunk)
    assert capture.text() == "é€"


def test_clipping_keeps_forty_and_sixty_percent() -> None:
    text = "a" * 60 + "b" * 60
    assert clip(text, limit_chars=120) == text
    notice = "\n\n... [OUTPUT TRUNCATED - 20 chars omitted out of 120 total] ...\n\n"
    assert clip(text, limit_chars=100) == "a" * 40 + notice + "b" * 60


def test_rolling_text_keeps_the_end_and_counts_lost_lines() -> None:
    rolling = RollingText(10)
    for part in ("1\n2\n", "345678\n", "9\n"):
        rolling.add(part)
    assert rolling.text() == "\n345678\n9\n"
    assert rolling.dropped_lines == 1


@pytest.mark.parametrize(
    ("command", "code", "explained"),
    [
        ("grep x y", 1, True),
        ("cat a | rg x", 1, True),
        ("cd a && diff b c", 1, True),
        ("FOO=1 /usr/bin/find . -name a", 1, True),
        ("[ -f a ]", 1, True),
        ("git diff --exit-code", 1, True),
        ("curl http://x", 7, True),
        ("grep x y", 2, False),
        ("grep x y | cat", 1, False),
        ("grep x y; false", 1, False),
        ("python -c 'grep'", 1, False),
        ("grep x y", 0, False),
        ("echo 'open", 1, False),
        ("", 1, False),
    ],
)
def test_only_harmless_exit_codes_are_explained(command: str, code: int, explained: bool) -> None:
    assert (meaning(command, code) is not None) is explained


def test_the_last_program_of_a_chain_is_found_behind_wrappers() -> None:
    assert last_program("a\nsudo FOO=1 env grep x") == "grep"
