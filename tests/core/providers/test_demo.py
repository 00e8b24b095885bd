"""What the built-in demo understands, does and says."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hermes_core.agent.turns.typed_command import told
from hermes_core.errors import ProviderError, ToolBlocked, ToolError
from hermes_core.messages import Message, Runtime, ToolCall, Usage
from hermes_core.providers.base import (
    ModelRequest,
    StreamEnd,
    StreamPart,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
    UsageReport,
)
from hermes_core.providers.demo import DemoModel
from hermes_core.providers.demo.intent import Intent
from hermes_core.providers.demo.intents import understand
from hermes_core.tools.files.read_memory import ReadMemory
from hermes_core.tools.registry import discover
from hermes_core.tools.shell.notices import Completion, notice_text
from hermes_core.tools.shell.process_table import ProcessTable
from hermes_core.tools.shell.sessions import TerminalSessions
from tests.fakes.tool_context import FakePermissions, tool_context

MEMORY_SCHEMA = {
    "name": "memory",
    "description": "",
    "parameters": {
        "type": "object",
        "properties": {"action": {}, "target": {}, "content": {}, "old_text": {}},
    },
}
TOOLS = (*(tool.schema() for tool in discover()), MEMORY_SCHEMA)

UNDERSTOOD: dict[Intent, tuple[str, ...]] = {
    Intent("list", path="."): (
        "list files",
        "List all the files in this folder, please.",
        "ls",
        "What files are here?",
        "Can you show me the files in the current directory?",
        "which files do I have here?",
        "show me what's in this folder",
        "could you please list the contents of the directory",
        "What's in here?",
        "hey, list the files and folders here",
        "what is in this directory?",
        "Show files",
        "give me a directory listing",
        "what files do we have in the project?",
        "tell me which files are here",
        "look around",
    ),
    Intent("list", path="src"): (
        "list files in src",
        "ls src",
        "what's in the src folder?",
        "list the src directory",
        "show me the files in the folder src",
        "Please show me everything in src/",
        "which files are in `src`?",
        "what files are there inside src",
    ),
    Intent("read", path="notes.txt"): (
        "read notes.txt",
        "Read the file notes.txt",
        "cat notes.txt",
        "Show me notes.txt, please",
        "What's in notes.txt?",
        "what does notes.txt say?",
        "Could you open the file `notes.txt` for me?",
        "print the contents of notes.txt",
        "What is in the file notes.txt",
        "display 'notes.txt'",
        "let me see notes.txt",
        "I'd like you to read notes.txt.",
    ),
    Intent("write", path="hello.txt", text="hi there"): (
        'write "hi there" to hello.txt',
        "Write 'hi there' into the file hello.txt",
        "create a file hello.txt with the text hi there",
        "Please create a file called hello.txt that says 'hi there'",
        'make a new file named hello.txt containing "hi there"',
        "save hi there to hello.txt",
        "put 'hi there' in hello.txt",
        "create hello.txt with the content: hi there",
        "write to hello.txt: hi there",
        "Can you write hi there in a file called hello.txt?",
    ),
    Intent("run", text="git status"): (
        "run git status",
        "Run the command `git status`",
        "execute git status please",
        "please run 'git status' in the terminal",
        "$ git status",
        "git status",
        "what does `git status` print?",
        "Could you run git status for me?",
        "in the terminal, run git status",
        "show me the output of git status",
        "use the shell to run git status",
        "`git status`",
    ),
    Intent("search", path=".", text="TODO"): (
        "search for TODO",
        "grep TODO",
        'find "TODO" in the files',
        "Search the project for TODO",
        "which files contain TODO?",
        "look for the word TODO in this folder",
        "find all occurrences of TODO",
        "Can you search all files for 'TODO'?",
        "where is TODO mentioned?",
        "find TODO in the code",
        "what files mention TODO",
    ),
    Intent("remember", text="the deploy day is Friday"): (
        "remember that the deploy day is Friday",
        "Please remember: the deploy day is Friday.",
        "Remember the deploy day is Friday",
        "Don't forget that the deploy day is Friday!",
        "keep in mind that the deploy day is Friday",
        "Note that the deploy day is Friday",
        "Can you remember that the deploy day is Friday?",
        "make a note that the deploy day is Friday",
        "save this to memory: the deploy day is Friday",
        "memorize that the deploy day is Friday",
    ),
    Intent("tour"): (
        "tour",
        "Give me a tour",
        "show me around",
        "I'd like a guided tour, please",
        "take me on a tour!",
        "Can you show me what you can do?",
        "start the tour",
        "how do I get started?",
        "walk me through it",
        "demo",
    ),
    Intent("about"): (
        "what are you?",
        "Who are you?",
        "what can you do?",
        "Which model is this?",
        "help",
        "Hello!",
        "are you a real AI?",
        "Introduce yourself, please.",
        "how do I set up a real model?",
        "hi there",
        "tell me about yourself",
        "what can you help me with?",
    ),
    Intent("run", text="rm -rf build"): (
        "delete the folder build",
        "run rm -rf build",
        "remove the build directory",
        "Please delete the directory build and everything in it.",
        "rm -rf build",
        "execute `rm -rf build`",
        "erase the build folder",
        "can you get rid of the folder 'build'?",
    ),
}

DECLINED_REQUESTS = (
    "write a poem about the sea",
    "what is the capital of France?",
    "fix the bug in app.py",
    "refactor main.py to use classes",
    "summarise this article for me",
    "translate 'good morning' into German",
    "explain quantum physics",
    "write a python script that sorts numbers to sort.py",
    "list the prime numbers below 100",
    "tell me a joke",
    "read my mind",
    "run a marathon",
    "search the web for cats",
    "find the best restaurant in Rome",
    "remember when we met?",
    "delete my account",
    "who won the world cup in 2014?",
    "create a website for my bakery",
    "send an email to Bob",
    "what time is it in Tokyo?",
    "write a poem to poem.txt",
    "add a test for parse_date in tests/test_dates.py",
    "list the files, then delete the newest one",
    "read notes.txt and summarise it",
    "run the tests and fix what fails",
    "do my homework",
    "what do you think about Python?",
    "show me the money",
    "open the pod bay doors",
    "is this code any good?",
    "how are you?",
    "forget everything",
    "remove the bug from main",
    "write unit tests for the parser in tests/test_parser.py",
    "write me a haiku",
    "find me a good name for my cat",
    "where is Berlin?",
    "what is 2 + 2?",
    "plan my week",
    "look at the stars",
    "look into this issue",
    "remember the Alamo?",
    "note the difference",
    "ps I love you",
    "date night ideas",
    "what's up?",
    "run away",
    "explain src/main.py",
    "rename a.txt to b.txt",
    "append hello to a.txt",
    "show me how to cook pasta",
)


def user(text: str) -> Message:
    return Message(role="user", content=text)


def request(
    *messages: Message, tools: Sequence[dict[str, Any]] = TOOLS, **more: Any
) -> ModelRequest:
    return ModelRequest(
        runtime=Runtime(model="demo", provider="demo"),
        system="",
        messages=messages,
        tools=tuple(tools),
        **more,
    )


class Played:
    """What a stream brought, put together."""

    def __init__(self, parts: Sequence[StreamPart]) -> None:
        self.parts = parts
        self.text = "".join(p.text for p in parts if isinstance(p, TextDelta))
        self.names = [p.name for p in parts if isinstance(p, ToolCallStart)]
        self.ids = [p.id for p in parts if isinstance(p, ToolCallStart)]
        written = "".join(p.arguments for p in parts if isinstance(p, ToolCallDelta))
        self.arguments = json.loads(written) if written else {}

    def as_messages(self, result: Any) -> tuple[Message, Message]:
        """The call and its answer, as the next request would hold them."""
        text = result if isinstance(result, str) else json.dumps(result)
        call = ToolCall(id=self.ids[0], name=self.names[0], arguments=json.dumps(self.arguments))
        return (
            Message(role="assistant", content=self.text, tool_calls=(call,)),
            Message(role="tool", content=text, tool_call_id=call.id, tool_name=call.name),
        )


class Pauses:
    """Counts the time a reply would take."""

    def __init__(self) -> None:
        self.total_s = 0.0

    async def __call__(self, seconds: float) -> None:
        self.total_s += seconds


async def play(asked: ModelRequest, pauses: Pauses | None = None) -> Played:
    model = DemoModel(sleep=pauses or Pauses())
    return Played([part async for part in model.stream(asked)])


async def said_after(text: str, result: Any, tools: Sequence[dict[str, Any]] = TOOLS) -> str:
    """The answer to a request whose one call was answered with `result`."""
    first = await play(request(user(text), tools=tools))
    return (await play(request(user(text), *first.as_messages(result), tools=tools))).text


@pytest.mark.ac("demo-intents")
@pytest.mark.parametrize(
    ("phrase", "intent"),
    [(phrase, intent) for intent, phrases in UNDERSTOOD.items() for phrase in phrases],
)
def test_a_plain_request_is_understood(phrase: str, intent: Intent) -> None:
    assert understand(phrase) == intent


def test_each_intent_has_eight_phrasings_or_more() -> None:
    assert len({intent.kind for intent in UNDERSTOOD}) == 8
    assert all(len(set(phrases)) >= 8 for phrases in UNDERSTOOD.values())


@pytest.mark.ac("demo-declines")
@pytest.mark.parametrize("phrase", DECLINED_REQUESTS)
async def test_what_is_beyond_it_is_declined_in_one_honest_sentence(phrase: str) -> None:
    reply = await play(request(user(phrase)))
    assert reply.names == []
    assert "built-in demo" in reply.text
    assert "hermes setup" in reply.text
    assert "hermes config set model.provider" in reply.text
    assert "\n" not in reply.text
    assert reply.text.count(". ") == 0


@pytest.mark.parametrize(
    ("phrase", "intent"),
    [
        ("show me the first 10 lines of src/app.py", Intent("read", path="src/app.py", lines=10)),
        ("read README", Intent("read", path="README")),
        ("open ~/.bashrc", Intent("read", path="~/.bashrc")),
        ('read "my notes.md"', Intent("read", path="my notes.md")),
        ("create an empty file called a.txt", Intent("write", path="a.txt")),
        ("delete old.log", Intent("run", text="rm old.log")),
        ("delete the folder 'my stuff'", Intent("run", text="rm -rf 'my stuff'")),
        ("remove the folder ~/tmp/x", Intent("run", text="rm -rf ~/tmp/x")),
        ("find all python files", Intent("find", path=".", text="*.py")),
        ("find files named *.toml", Intent("find", path=".", text="*.toml")),
        ("search for def main in src", Intent("search", path="src", text="def main")),
        ("run python3 -c 'print(1)'", Intent("run", text="python3 -c 'print(1)'")),
        ("run ls -la /tmp?", Intent("run", text="ls -la /tmp")),
        ("my name is Ada, remember that", Intent("remember", text="my name is Ada")),
        ("list files in ..", Intent("list", path="..")),
        ("search in src for hello", Intent("search", path="src", text="hello")),
        ("find where main is defined", Intent("search", path=".", text="main")),
        ("find files containing 'a b'", Intent("search", path=".", text="a b")),
        ('make a file a.txt with "hello" in it', Intent("write", path="a.txt", text="hello")),
        ("delete everything in the build folder", Intent("run", text="rm -rf build/*")),
    ],
)
def test_the_words_around_a_request_are_kept_apart_from_it(phrase: str, intent: Intent) -> None:
    assert understand(phrase) == intent


@pytest.mark.ac("demo-results-decide")
async def test_a_renamed_file_changes_the_answer() -> None:
    first = await said_after("list files", {"output": "src/\na.txt", "exit_code": 0, "error": None})
    second = await said_after(
        "list files", {"output": "src/\nb.txt", "exit_code": 0, "error": None}
    )
    assert first == "There is 1 folder and 1 file in this folder:\n\n- `src/`\n- `a.txt`"
    assert second == first.replace("a.txt", "b.txt")


async def test_a_listing_asks_for_the_folder_it_was_given() -> None:
    reply = await play(request(user("list files in 'my src'")))
    assert (reply.names, reply.arguments) == (["terminal"], {"command": "ls -1Ap -- 'my src'"})
    failed = await said_after(
        "list files in src", {"output": "ls: no such folder", "exit_code": 2, "error": None}
    )
    assert failed == "I could not list `src`: ls: no such folder."
    empty = await said_after("list files", {"output": "", "exit_code": 0, "error": None})
    assert empty == "There is nothing in this folder."


async def test_without_a_terminal_other_tools_serve() -> None:
    files = [tool for tool in TOOLS if tool["name"] in ("search_files",)]
    reply = await play(request(user("list files"), tools=files))
    assert reply.names == ["search_files"]
    assert reply.arguments == {"pattern": "*", "target": "files", "path": "."}
    text = await said_after("list files", {"files": ["a.py"], "total_count": 1}, files)
    assert text.startswith("There is 1 file in this folder")
    terminal = [tool for tool in TOOLS if tool["name"] == "terminal"]
    reply = await play(request(user("read a.txt"), tools=terminal))
    assert reply.arguments == {"command": "cat -- a.txt"}
    reply = await play(request(user("search for x y"), tools=terminal))
    assert reply.arguments == {"command": "grep -rnIF -e 'x y' -- ."}


@pytest.mark.parametrize(
    "phrase", ["list files", "read a.txt", "write 'x' to a.txt", "run date", "search for x", "tour"]
)
async def test_without_any_tool_it_says_so(phrase: str) -> None:
    reply = await play(request(user(phrase), tools=()))
    assert reply.names == []
    assert "session" in reply.text


async def test_a_read_file_is_shown_without_line_numbers() -> None:
    result = {"content": "     1|one\n     2|```\n     3|two|x", "total_lines": 3}
    text = await said_after("read a.md", result)
    assert text == "`a.md` has 3 lines:\n\n````\none\n```\ntwo|x\n````"
    missing = {"error": "File not found: a.md", "similar_files": ["b.md"]}
    text = await said_after("read a.md", missing)
    assert text == "Reading `a.md` did not work: File not found: a.md. There is `b.md`."


@pytest.mark.parametrize(
    ("asked", "result", "said"),
    [
        ("read a.md", {"content": "", "total_lines": 0}, "`a.md` is empty."),
        ("read a.md", {"output": "one\ntwo"}, "`a.md` has 2 lines:\n\n```\none\ntwo\n```"),
        ("read a.md", {"status": "unchanged"}, "`a.md` has not changed since I read it, which was"),
        ("list files", {"error": "no shell"}, "I could not list this folder: no shell."),
        ("list files", {"output": "", "exit_code": 1}, "this folder: the command failed."),
        ("list files", {"output": "a/\nb/"}, "There are 2 folders in this folder:"),
        ("write 'x' to a.txt", {"error": "disk full"}, "Writing `a.txt` did not work: disk full."),
        ("write 'x' to a.txt", {}, "I wrote the text to `a.txt`."),
        (
            "write 'x' to a.txt",
            {"bytes_written": 1, "_warning": "It changed meanwhile"},
            "I wrote 1 byte to `a.txt`. It changed meanwhile.",
        ),
        ("find all python files", {"files": []}, "No file is named like `*.py`."),
        (
            "find all python files",
            {"files": ["a.py"], "total_count": 1},
            "1 file is named like `*.py`:\n\n- `a.py`",
        ),
        (
            "find all python files",
            {"output": "a.py\nb.py\n"},
            "2 files are named like `*.py`:\n\n- `a.py`\n- `b.py`",
        ),
        ("find all python files", {"error": "no such folder"}, "`*.py` did not work: no such"),
        (
            "search for x",
            {"output": "a.py:3:x\nb.py:1:x\n"},
            "`x` is in 2 lines of 2 files:\n\n- a.py:3:x\n- b.py:1:x",
        ),
        ("search for x", {"error": "bad pattern"}, "Searching for `x` did not work: bad pattern."),
        ("run date", {"output": "", "exit_code": None, "error": "no shell"}, "was not run: no sh"),
        (
            "run date",
            {"output": "", "exit_code": 124, "error": "stopped", "exit_code_meaning": "timeout"},
            "`date` ended with exit code 124 (timeout): stopped and printed nothing.",
        ),
        ("run date", {"status": "blocked", "error": "BLOCKED: "}, "it was refused."),
        ("remember that x is y", {"success": True, "usage": "3 %"}, "Memory is 3 % full."),
        ("run date", "", "`date` was not run: no answer came."),
    ],
)
async def test_what_came_of_a_call_is_said_in_its_own_words(
    asked: str, result: object, said: str
) -> None:
    assert said in await said_after(asked, result)


async def test_long_answers_are_cut_and_say_how_much_is_left_out() -> None:
    many = "".join(f"{number:06}|line {number}\n" for number in range(1, 101))
    text = await said_after("read a.md", {"content": many, "total_lines": 100})
    assert text.startswith("`a.md` has 100 lines:\n\n```\nline 1\n")
    assert text.endswith("line 40\n```\n\n… and 60 more lines.")
    names = {"output": "".join(f"f{number}\n" for number in range(33)), "exit_code": 0}
    text = await said_after("list files", names)
    assert text.startswith("There are 33 files in this folder:")
    assert text.endswith("- `f29`\n- … and 3 more")


async def test_a_name_without_its_ending_is_read_as_the_one_file_that_fits() -> None:
    first = await play(request(user("read the readme")))
    missing = {"error": "File not found: readme", "similar_files": ["README.md", "reading.txt"]}
    messages = [user("read the readme"), *first.as_messages(missing)]
    second = await play(request(*messages))
    assert second.text == "There is no `readme`, but there is `README.md`."
    assert second.arguments == {"path": "README.md"}
    messages += second.as_messages({"content": "     1|# Title", "total_lines": 1})
    assert (await play(request(*messages))).text.startswith("`README.md` has 1 line:")


async def test_an_unchanged_file_is_quoted_from_the_first_reading() -> None:
    first = await play(request(user("read a.md")))
    before = (user("read a.md"), *first.as_messages({"content": "     1|one", "total_lines": 1}))
    asked = (*before, Message(role="assistant", content="…"), user("read a.md"))
    again = await play(request(*asked))
    unchanged = {"status": "unchanged", "content_returned": False, "total_lines": 1}
    reply = await play(request(*asked, *again.as_messages(unchanged)))
    assert reply.text == "`a.md` has 1 line and has not changed since I read it:\n\n```\none\n```"


async def test_a_write_reports_what_was_written() -> None:
    reply = await play(request(user("write 'hi' to a.txt")))
    assert (reply.names, reply.arguments) == (["write_file"], {"path": "a.txt", "content": "hi\n"})
    text = await said_after("write 'hi' to a.txt", {"bytes_written": 3, "dirs_created": False})
    assert text == "I wrote 3 bytes to `a.txt`."


async def test_a_search_is_literal_and_counts_its_hits() -> None:
    reply = await play(request(user("search for 'a.b(c)' in src")))
    assert reply.arguments["pattern"] == r"a\.b\(c\)"
    assert (reply.arguments["target"], reply.arguments["path"]) == ("content", "src")
    matches = [{"path": "a.py", "line": n, "content": f" x{n}"} for n in (3, 9)]
    text = await said_after("search for x", {"total_count": 2, "matches": matches})
    assert text == "`x` is in 2 lines of 1 file:\n\n- `a.py:3` x3\n- `a.py:9` x9"
    text = await said_after("search for x", {"total_count": 0, "matches": []})
    assert text == "Nothing contains `x`."


async def test_a_command_is_reported_with_its_exit_code() -> None:
    text = await said_after("run date", {"output": "Monday", "exit_code": 0, "error": None})
    assert text == "`date` ended with exit code 0 and printed:\n\n```\nMonday\n```"
    text = await said_after("run false", {"output": "", "exit_code": 1, "error": None})
    assert text == "`false` ended with exit code 1 and printed nothing."
    text = await said_after("run date", "[Tool execution cancelled — terminal was skipped]")
    assert text.startswith("`date` was not run: [Tool execution cancelled")


@pytest.mark.ac("demo-danger-asks")
async def test_a_dangerous_wish_reaches_the_terminal_and_a_refusal_is_told() -> None:
    reply = await play(request(user("delete the folder build")))
    assert (reply.names, reply.arguments) == (["terminal"], {"command": "rm -rf build"})
    denied = {"error": "BLOCKED: denied by the user. Do not retry this.", "status": "blocked"}
    text = await said_after("delete the folder build", denied)
    assert text == "I did not do it: denied by the user."


async def test_a_fact_goes_to_memory_if_there_is_one() -> None:
    reply = await play(request(user("remember that the sky is blue")))
    assert reply.names == ["memory"]
    assert reply.arguments == {"action": "add", "target": "memory", "content": "the sky is blue"}
    about_me = await play(request(user("remember that I like tea")))
    assert about_me.arguments["target"] == "user"
    full = {"success": False, "message": "Memory at 2,190/2,200 chars."}
    text = await said_after("remember that the sky is blue", full)
    assert text == "Remembering that did not work: Memory at 2,190/2,200 chars."
    none = [tool for tool in TOOLS if tool["name"] != "memory"]
    text = (await play(request(user("remember that the sky is blue"), tools=none))).text
    assert "no memory tool" in text


@pytest.mark.ac("demo-tour")
@pytest.mark.parametrize("allowed", [True, False])
async def test_the_tour_goes_by_what_its_calls_bring(allowed: bool) -> None:
    cleaned = (
        {"output": "", "exit_code": 0, "error": None}
        if allowed
        else {"error": "denied by the user", "status": "blocked"}
    )
    results = [
        {"output": "hermes-tour/\na.txt", "exit_code": 0, "error": None},
        {"bytes_written": 60},
        {"content": "     1|x", "total_lines": 2},
        {"output": "2 hermes-tour-2/hello.txt", "exit_code": 0, "error": None},
        cleaned,
    ]
    messages = [user("give me a tour")]
    calls = []
    for result in results:
        reply = await play(request(*messages))
        calls.append((reply.names[0], reply.arguments))
        messages += reply.as_messages(result)
    assert [name for name, _ in calls] == [
        "terminal",
        "write_file",
        "read_file",
        "terminal",
        "terminal",
    ]
    assert calls[1][1]["path"] == "hermes-tour-2/hello.txt", "the folder that is there is spared"
    assert calls[4][1] == {"command": "rm -r hermes-tour-2"}
    end = await play(request(*messages))
    assert end.names == []
    expected = "is gone again" if allowed else "is still there"
    assert f"`hermes-tour-2` {expected}" in end.text


async def test_a_tour_whose_step_fails_ends_honestly() -> None:
    first = await play(request(user("tour")))
    messages = (user("tour"), *first.as_messages({"error": "no shell", "status": "disabled"}))
    reply = await play(request(*messages))
    assert reply.names == []
    assert "no shell" in reply.text


async def test_a_note_before_the_request_does_not_hide_it() -> None:
    assert understand("[A note for the model.]\n\nlist files") == Intent("list", path=".")


@pytest.mark.parametrize("output", ["a.txt", "first\n\nrun me\n\nlast", ""])
async def test_a_message_behind_a_typed_command_is_the_request(output: str) -> None:
    behind = told(json.dumps({"output": output, "exit_code": 0}))
    reply = await play(request(user(f"!ls\n\n{behind}\n\nread a.txt")))
    assert reply.names == ["read_file"]


async def test_news_of_a_process_is_passed_on() -> None:
    notice = Completion(session_id="proc_1", command="run x", exit_code=2, output="list files")
    reply = await play(request(user(notice_text(notice))))
    assert reply.names == []
    assert reply.text == (
        "News from the background: Background process proc_1 completed (exit code 2)."
    )


async def test_a_new_message_after_results_is_a_new_request() -> None:
    first = await play(request(user("run date")))
    done = first.as_messages({"output": "Monday", "exit_code": 0, "error": None})
    reply = await play(request(user("run date"), *done, user("read a.txt")))
    assert reply.names == ["read_file"]


@pytest.mark.ac("demo-streams")
@pytest.mark.parametrize("lines", [1, 2_000])
async def test_replies_stream_in_pieces_and_take_less_than_two_seconds(lines: int) -> None:
    first = await play(request(user("run seq")))
    output = "\n".join(f"line number {n}" for n in range(lines))
    result = {"output": output, "exit_code": 0, "error": None}
    pauses = Pauses()
    reply = await play(request(user("run seq"), *first.as_messages(result)), pauses)
    assert sum(isinstance(part, TextDelta) for part in reply.parts) > 3
    assert 0 < pauses.total_s < 2


async def test_a_reply_ends_with_usage_and_its_finish_mark() -> None:
    called = await play(request(user("list files")))
    assert called.parts[-2:] == [UsageReport(Usage(requests=1)), StreamEnd("tool_calls")]
    assert called.text
    other = await play(request(user("list files")))
    assert called.ids != other.ids
    told = await play(request(user("who are you")))
    assert told.parts[-2:] == [UsageReport(Usage(requests=1)), StreamEnd("stop")]


async def test_closing_the_stream_stops_it() -> None:
    stream = DemoModel(sleep=Pauses()).stream(request(user("who are you")))
    assert isinstance(await anext(stream), TextDelta)
    assert isinstance(stream, AsyncGenerator)
    await stream.aclose()
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_it_writes_no_titles_and_summaries() -> None:
    with pytest.raises(ProviderError, match="title") as caught:
        await play(request(user("hello"), purpose="title"))
    assert not caught.value.retryable


class Workbench:
    """The demo with real tools on a real folder."""

    def __init__(self, cwd: Path) -> None:
        self.cwd = cwd
        self.permissions = FakePermissions(environment={"PATH": os.environ["PATH"]})
        self.services: dict[type[Any], Any] = {
            kind: kind() for kind in (TerminalSessions, ProcessTable, ReadMemory)
        }

    async def ask(self, text: str) -> str:
        """Play a whole turn and return its answer."""
        messages = [user(text)]
        registry = discover()
        while (reply := await play(request(*messages))).names:
            tool = registry.get(reply.names[0])
            assert tool is not None
            args = msgspec.convert(reply.arguments, tool.args_type)
            context = tool_context(
                self.cwd, permissions=self.permissions, services=self.services, call_id=reply.ids[0]
            )
            try:
                data = (await tool.run(args, context)).data
            except ToolBlocked as refusal:
                data = {"error": str(refusal), "status": "blocked"}
            except ToolError as error:
                data = {"error": str(error)}
            messages += reply.as_messages(data)
        return reply.text

    async def aclose(self) -> None:
        await self.services[ProcessTable].aclose()
        await self.services[TerminalSessions].aclose()


@pytest.fixture
async def workbench(tmp_path: Path) -> AsyncIterator[Workbench]:
    made = Workbench(tmp_path / "work")
    yield made
    await made.aclose()


@pytest.mark.ac("demo-real-tools")
async def test_with_real_tools_the_answers_follow_the_files(workbench: Workbench) -> None:
    assert "3 bytes" in await workbench.ask("write 'hi' to old.txt")
    assert "- `old.txt`" in await workbench.ask("what files are here?")
    await workbench.ask("run mv old.txt new.txt")
    listing = await workbench.ask("what files are here?")
    assert "- `new.txt`" in listing
    assert "old.txt" not in listing
    assert await workbench.ask("read new.txt") == "`new.txt` has 1 line:\n\n```\nhi\n```"
    assert "`new.txt:1` hi" in await workbench.ask("search for hi")
    assert "did not work" in await workbench.ask("read old.txt")
    workbench.permissions.blocked.add("rm new.txt")
    assert "did not do it" in await workbench.ask("delete the file new.txt")
    assert (workbench.cwd / "new.txt").read_text() == "hi\n"


async def test_with_real_tools_the_tour_leaves_nothing_behind(workbench: Workbench) -> None:
    end = await workbench.ask("give me a tour")
    assert "`hermes-tour` is gone again." in end
    assert list(workbench.cwd.iterdir()) == []
