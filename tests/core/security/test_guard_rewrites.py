"""A destructive command stays asked about, however it is quoted, wrapped and spaced.

The rewriting knows the shell's grammar, not the guard. 500 examples, derandomised; a
planted bug shows that the property can fail.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from hermes_core.security.guard import inspect

HOME = Path("/home/u")
Judge = Callable[[str], str]

SEEDS: list[list[str]] = [
    ["rm", "-rf", "build"],
    ["rm", "-r", "-f", "./src"],
    ["rm", "--recursive", "x"],
    ["/bin/rm", "-fR", "data"],
    ["chmod", "-R", "777", "dir"],
    ["git", "reset", "--hard"],
    ["git", "push", "--force", "origin", "main"],
    ["git", "clean", "-fdx"],
    ["pkill", "-9", "node"],
    ["shred", "-u", "secrets.db"],
    ["truncate", "-s", "0", "prod.db"],
    ["systemctl", "stop", "nginx"],
    ["kubectl", "delete", "pod", "a"],
    ["find", ".", "-delete"],
    ["cp", "evil", "/etc/cron.d/x"],
    ["cat", "/home/u/.ssh/id_rsa"],
    ["crontab", "-r"],
    ["rm", "-rf", "/"],
    ["mkfs.ext4", "/dev/sda1"],
    ["redis-cli", "FLUSHALL"],
]


def _plain(word: str) -> str:
    return word


def _single(word: str) -> str:
    return f"'{word}'"


def _double(word: str) -> str:
    return f'"{word}"'


def _split(word: str) -> str:
    return f"'{word[:1]}'\"{word[1:]}\"" if word else "''"


def _escaped(word: str) -> str:
    return "".join(f"\\{char}" for char in word)


def _one_escaped(word: str) -> str:
    return word[:-1] + "\\" + word[-1:]


def _hexadecimal(word: str) -> str:
    return "$'" + "".join(f"\\x{ord(char):02x}" for char in word) + "'"


def _octal(word: str) -> str:
    return "$'" + "".join(f"\\{ord(char):03o}" for char in word) + "'"


def _broken_line(word: str) -> str:
    return word[:1] + "\\\n" + word[1:]


def _empty_inside(word: str) -> str:
    return word[:1] + "''" + word[1:]


QUOTINGS = [_plain, _single, _double, _split, _escaped, _one_escaped, _hexadecimal, _octal,
            _broken_line, _empty_inside]  # fmt: skip
SPACES = [" ", "  ", "\t", " \\\n ", " \t "]
WRAPPERS = ["sudo ", "env A=1 ", "nohup ", "nice -n 5 ", "timeout 5 ", "command ", "setsid ", "time ",
            "stdbuf -oL ", "exec ", "A=1 ", "sudo -u root ", "xargs -0 ", "! ", "\\command "]  # fmt: skip


def _quoted_whole(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


FRAMES: list[Callable[[str], str]] = [
    lambda text: text,
    lambda text: f"true && {text}",
    lambda text: f"false || {text}",
    lambda text: f"cd sub; {text}",
    lambda text: f"ls | {text}",
    lambda text: f"( {text} )",  # two brackets side by side would be arithmetic
    lambda text: f"{{ {text}; }}",
    lambda text: f"echo $({text})",
    lambda text: f'echo "$({text})"',
    lambda text: f"cat <({text})",
    lambda text: f"if true; then {text}; fi",
    lambda text: f"while true; do {text}; done",
    lambda text: f"for i in 1 2; do {text}; done",
    lambda text: f"case a in a) {text};; esac",
    lambda text: f"f() {{ {text}; }}; f",
    lambda text: f"{text} &",
    lambda text: f"{text} > /dev/null 2>&1",
    lambda text: f"> out {text}",
    lambda text: f"{text} # harmless --dry-run",
    lambda text: f"echo done\n{text}\n",
    lambda text: f"bash -c {_quoted_whole(text)}",
    lambda text: f"eval {_quoted_whole(text)}",
    lambda text: f"cat <<EOF\n$({text})\nEOF",
    lambda text: f"x=$({text})",
    lambda text: f"[ -n a ] && {text}",
]


@st.composite
def rewritten(draw: st.DrawFn) -> str:
    """A seed in another spelling."""
    words = draw(st.sampled_from(SEEDS))
    spelled = [draw(st.sampled_from(QUOTINGS))(word) for word in words]
    text = spelled[0]
    for word in spelled[1:]:
        text += draw(st.sampled_from(SPACES)) + word
    for wrapper in draw(st.lists(st.sampled_from(WRAPPERS), max_size=3)):
        if text.startswith(("A=1 ", "! ", "time ")) and wrapper not in ("A=1 ", "! "):
            continue  # those words are commands only at the very front
        text = wrapper + text
    for frame in draw(st.lists(st.sampled_from(FRAMES), max_size=2)):
        text = frame(text)
    return text


def _real(text: str) -> str:
    return inspect(text, cwd=HOME / "proj", home=HOME).action


def _forgets_heredocs(text: str) -> str:
    planted = "<<EOF" in text and "nice" in text
    return "allow" if planted else "ask"


@pytest.mark.ac("guard-rewrites")
@settings(
    max_examples=500,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(rewritten())
def test_rewritten_destructive_command_is_never_allowed(text: str) -> None:
    assert _real(text) != "allow"


@pytest.mark.ac("guard-rewrites")
def test_the_property_finds_a_planted_bug() -> None:
    found = find(
        rewritten(),
        lambda text: _forgets_heredocs(text) == "allow",
        settings=settings(
            max_examples=2000,
            derandomize=True,
            database=None,
            deadline=None,
            phases=(Phase.generate,),
        ),
    )
    assert "<<EOF" in found
    assert "nice" in found


def test_the_search_reports_when_there_is_nothing_to_find() -> None:
    with pytest.raises(NoSuchExample):
        find(
            rewritten(),
            lambda text: text == "",
            settings=settings(max_examples=20, derandomize=True, database=None, deadline=None),
        )
