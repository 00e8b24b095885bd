"""Commands with sudo: asked once, handed to sudo alone, written down nowhere.

The stand-in behaves as sudo(8) says: `-n` fails where a password is needed, `-A` runs
`SUDO_ASKPASS` and reads one line, an empty or the third wrong one ends it.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hermes_core.commands import Answer, Submit
from hermes_core.config.schema import Settings
from hermes_core.events import QuestionAnswered, QuestionAsked, encode_event
from hermes_core.paths import Home
from hermes_core.security.redaction import Redactor
from hermes_core.tools.base import ToolContext, ToolResult
from hermes_core.tools.shell.process_table import ProcessTable
from hermes_core.tools.shell.sessions import TerminalSessions
from hermes_core.tools.shell.sudo import SudoPasswords, with_askpass
from hermes_core.tools.shell.terminal import TerminalArgs, TerminalTool
from tests.core.agent.rig import FakeTool, TextArgs, rig
from tests.fakes.clock import FakeClock
from tests.fakes.scripted_provider import ScriptedProvider, calls, text
from tests.fakes.tool_context import FakePermissions, FakeQuestions, tool_context
from tests.support import until

PASSWORD = "correct horse battery"
SUDO = f"""#!/bin/bash
case $1 in
  -n) echo "sudo: a password is required" >&2; exit 1 ;;
  -A) shift
    for attempt in 1 2 3; do
      given=$("$SUDO_ASKPASS")
      [ -z "$given" ] && echo "sudo: no password was provided" >&2 && break
      [ "$given" = "{PASSWORD}" ] && exec "$@"
    done
    echo "sudo: 3 incorrect password attempts" >&2; exit 1 ;;
esac
echo "sudo: a terminal is required to read the password" >&2; exit 1
"""


class Bench:
    """The terminal tool on a machine whose sudo wants a password."""

    def __init__(self, folder: Path, *answers: str | None) -> None:
        programs = folder / "bin"
        programs.mkdir()
        (programs / "sudo").write_text(SUDO)
        (programs / "sudo").chmod(0o755)
        self.path = f"{programs}:{os.environ['PATH']}"
        self.folder = folder
        self.questions = FakeQuestions(*answers)
        self.settings = Settings()
        self.redactor = Redactor()
        self.shown: list[str] = []
        self.services: dict[type[Any], Any] = {
            TerminalSessions: TerminalSessions(),
            ProcessTable: ProcessTable(),
            SudoPasswords: SudoPasswords(),
            Redactor: self.redactor,
        }

    def context(self) -> ToolContext:
        environment = {"PATH": self.path, "HOME": os.environ["HOME"]}
        return tool_context(
            self.folder,
            services=self.services,
            permissions=FakePermissions(environment=environment),
            questions=self.questions,
            settings=self.settings,
            environ=environment,
            output=lambda stream, chunk: self.shown.append(chunk),
        )

    async def run(self, command: str) -> ToolResult:
        return await TerminalTool().run(TerminalArgs(command=command), self.context())


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path, PASSWORD)
    yield made
    await made.services[TerminalSessions].aclose()


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("sudo ls", "sudo -A ls"),
        ("a=1 sudo id && sudo rm x | cat", "a=1 sudo -A id && sudo -A rm x | cat"),
        ("echo sudo 'sudo x' # sudo", "echo sudo 'sudo x' # sudo"),
        ("echo $(sudo id)", "echo $(sudo -A id)"),
        ("sudo -S true", "sudo -S true"),
        ("sudo -u bob id", "sudo -A -u bob id"),
    ],
)
def test_only_a_command_word_is_sudo(command: str, expected: str) -> None:
    assert with_askpass(command) == expected


@pytest.mark.ac("sudo-password")
async def test_the_password_is_asked_once_and_reaches_every_sudo_of_the_session(
    bench: Bench,
) -> None:
    result = await bench.run("sudo echo one && sudo echo two")
    assert result.data["output"].split() == ["one", "two"]
    again = await bench.run("sudo echo three; env | grep -c ASKPASS")
    assert again.data["output"].split() == ["three", "1"]
    assert len(bench.questions.asked) == 1
    assert "sudo echo one" in bench.questions.asked[0][0]


@pytest.mark.ac("sudo-password")
async def test_the_password_is_in_no_output_no_argument_and_no_file(bench: Bench) -> None:
    found = await bench.run(
        'sudo echo through; "$SUDO_ASKPASS"; env; cat "$SUDO_ASKPASS"; ps -eo args;'
        ' grep -r battery "$(dirname "$SUDO_ASKPASS")/ask"'
    )
    assert "through" in found.data["output"]
    assert PASSWORD not in str(found.data)
    assert PASSWORD not in "".join(bench.shown)
    gone = await bench.run('ls "$(dirname "${SUDO_ASKPASS:-/nowhere/x}")" 2>&1; true')
    assert "socket" not in gone.data["output"]


@pytest.mark.ac("sudo-declined")
async def test_without_a_password_sudo_says_itself_what_is_missing(tmp_path: Path) -> None:
    bench = Bench(tmp_path, None)
    result = await bench.run("sudo echo one")
    assert "a terminal is required" in result.data["output"]
    assert not result.ok
    await bench.services[TerminalSessions].aclose()


@pytest.mark.ac("sudo-wrong")
async def test_after_a_wrong_password_the_person_is_asked_again_while_the_command_waits(
    tmp_path: Path,
) -> None:
    bench = Bench(tmp_path, "wrong horse", PASSWORD)
    result = await bench.run("sudo echo one")
    assert result.data["output"].strip() == "one"
    questions = [question for question, *_ in bench.questions.asked]
    assert [question.partition(",")[0] for question in questions] == [
        "sudo asks for your password",
        "That was not the password. sudo asks again",
    ]
    again = await bench.run("sudo echo two")
    assert again.data["output"].strip() == "two"
    assert len(bench.questions.asked) == 2
    await bench.services[TerminalSessions].aclose()


@pytest.mark.ac("sudo-wrong")
async def test_who_gives_no_other_password_ends_the_command_and_is_asked_for_the_next_one(
    tmp_path: Path,
) -> None:
    bench = Bench(tmp_path, "wrong horse", None, PASSWORD)
    first = await bench.run("sudo echo one")
    assert "incorrect password" in first.data["output"]
    assert len(bench.questions.asked) == 2
    second = await bench.run("sudo echo two")
    assert second.data["output"].strip() == "two"
    await bench.services[TerminalSessions].aclose()


async def test_a_written_password_that_is_wrong_asks_nobody(bench: Bench) -> None:
    bench.settings = Settings.model_validate({"terminal": {"sudo_password": "wrong horse"}})
    result = await bench.run("sudo echo one")
    assert "incorrect password" in result.data["output"]
    assert bench.questions.asked == []


async def test_a_written_password_is_used_and_nobody_is_asked(bench: Bench) -> None:
    bench.settings = Settings.model_validate({"terminal": {"sudo_password": PASSWORD}})
    result = await bench.run("sudo echo one")
    assert result.data["output"].strip() == "one"
    assert bench.questions.asked == []


@pytest.mark.ac("sudo-password")
async def test_a_password_is_in_no_event_and_not_in_the_database(home: Home) -> None:
    heard: list[str | None] = []

    async def ask(args: TextArgs, ctx: ToolContext) -> str:
        heard.append(await ctx.questions.password("Password?", timeout_s=45.0))
        return "done"

    tool = FakeTool("ask", ask)
    provider = ScriptedProvider(calls(("ask", {"text": "x"})), text("ok"))
    # The limit of 45 s stands for one that is not reached.
    async with rig(home, provider, tools=(tool,), clock=FakeClock(patience_s=1)) as r:
        await r.session.send(Submit(text="go"))
        await until(lambda: r.of(QuestionAsked))
        [asked] = r.of(QuestionAsked)
        assert asked.kind == "sudo"
        reply = await r.session.send(
            Answer(
                request_id=asked.request_id,
                value=PASSWORD,
                shown_hash=asked.shown_hash,
                client="t",
            )
        )
        assert reply.ok
        await until(lambda: r.finishes)
        assert heard == [PASSWORD]
        assert [event.answer for event in r.of(QuestionAnswered)] == [None]
        assert all(PASSWORD.encode() not in encode_event(event) for event in r.events)
    for path in home.root.rglob("*"):
        if path.is_file():
            assert PASSWORD.encode() not in path.read_bytes()
