"""Words made of tool results, and of nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from hermes_core.providers.demo.conversation import Done
from hermes_core.providers.demo.intent import Intent

SETUP = (
    "`hermes setup`, or `hermes config set model.provider openrouter` (or another provider) "
    "and `hermes config set OPENROUTER_API_KEY …`"
)

WHAT_I_AM = (
    "I am the built-in demo, a small scripted model: I match plain requests against a fixed list "
    "and do not think. The tools, approvals and files are real, though. You can ask me to list "
    "files, read or write a file, run a command, search text, delete something (you will be asked "
    f"first), remember a fact, or say `tour`.\n\nFor a real model set one up with {SETUP}."
)

DECLINED = (
    "That is beyond me: I am the built-in demo and only list, read and write files, run commands, "
    f"search text, remember facts and give a `tour`; for a real model use {SETUP}."
)

_SHOWN_LINES = 40
_SHOWN_CHARS = 4_000
_SHOWN_NAMES = 30


def answer(intent: Intent, last: Done, earlier: Sequence[Done]) -> str:
    """Return the reply to an intent whose one call has been answered."""
    if last.was_refused:
        return f"I did not do it: {_refusal(last)}"
    match intent.kind:
        case "list":
            return _listing(intent.path, last)
        case "read":
            return _page(intent.path, last, earlier)
        case "write":
            return _written(intent, last)
        case "search" | "find":
            return _hits(intent, last)
        case "remember":
            return _remembered(intent, last)
        case _:
            return ran(intent.text, last)


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _refusal(last: Done) -> str:
    """Return why something was refused, without the words meant for models alone."""
    text = re.sub(r"\s*Do not .*", "", last.problem, flags=re.DOTALL)
    return _sentence(text.removeprefix("BLOCKED:").strip() or "it was refused")


def _failed(what: str, last: Done) -> str:
    text = f"{what} did not work: {_sentence(last.problem)}"
    similar = last.get("similar_files")
    if isinstance(similar, list) and similar:
        text += " There is " + ", ".join(f"`{name}`" for name in similar[:5]) + "."
    return text


def fenced(text: str) -> str:
    """Return text as a code block, its middle left out if it is long."""
    lines = text.rstrip("\n").splitlines()
    note = ""
    if len(lines) > _SHOWN_LINES:
        note = f"\n\n… and {_count(len(lines) - _SHOWN_LINES, 'more line')}."
        lines = lines[:_SHOWN_LINES]
    shown = "\n".join(lines)[:_SHOWN_CHARS]
    runs = re.findall(r"`{3,}", shown)
    fence = "`" * (max(map(len, runs), default=2) + 1)
    return f"{fence}\n{shown}\n{fence}{note}"


def _count(number: int, noun: str, plural: str = "") -> str:
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def names_in(last: Done) -> list[str]:
    """Return the entries a listing call found; folders end in a slash."""
    files = last.get("files")
    if isinstance(files, list):
        return [str(name) for name in files]
    return [line for line in str(last.get("output") or "").splitlines() if line.strip()]


def _listing(path: str, last: Done) -> str:
    where = "this folder" if path == "." else f"`{path}`"
    if last.problem or last.get("exit_code") not in (0, None):
        detail = last.problem or str(last.get("output") or "").strip()
        return f"I could not list {where}: {_sentence(detail or 'the command failed')}"
    names = names_in(last)
    if not names:
        return f"There is nothing in {where}."
    folders = sum(name.endswith("/") for name in names)
    parts = [_count(folders, "folder")] if folders else []
    parts += [_count(len(names) - folders, "file")] if len(names) > folders else []
    verb = "is" if parts[0].startswith("1 ") else "are"
    lines = [f"- `{name}`" for name in names[:_SHOWN_NAMES]]
    if len(names) > _SHOWN_NAMES:
        lines.append(f"- … and {len(names) - _SHOWN_NAMES} more")
    return f"There {verb} {' and '.join(parts)} in {where}:\n\n" + "\n".join(lines)


def _page(path: str, last: Done, earlier: Sequence[Done]) -> str:
    if last.problem:
        return _failed(f"Reading `{path}`", last)
    content: Any = last.get("content")
    source, note = last, ""
    if content is None and last.get("status") == "unchanged":
        same = [
            d for d in earlier if d.arguments == last.arguments and d.get("content") is not None
        ]
        note = " and has not changed since I read it"
        if not same:
            return f"`{path}` has not changed since I read it, which was before what I still know."
        source, content = same[-1], same[-1].get("content")
    if content is None:
        content = last.get("output")
    total = source.get("total_lines")
    text = "\n".join(re.sub(r"^\s*\d+\|", "", line) for line in str(content or "").splitlines())
    if not text.strip():
        return f"`{path}` is empty{note}."
    count = total if isinstance(total, int) else text.count("\n") + 1
    return f"`{path}` has {_count(count, 'line')}{note}:\n\n{fenced(text)}"


def _written(intent: Intent, last: Done) -> str:
    if last.problem:
        return _failed(f"Writing `{intent.path}`", last)
    size = last.get("bytes_written")
    how_much = _count(size, "byte") if isinstance(size, int) else "the text"
    text = f"I wrote {how_much} to `{intent.path}`."
    warning = last.get("_warning") or last.get("warning")
    return f"{text} {_sentence(str(warning))}" if warning else text


def _hits(intent: Intent, last: Done) -> str:
    if last.problem:
        return _failed(f"Searching for `{intent.text}`", last)
    if intent.kind == "find":
        names = names_in(last)
        if not names:
            return f"No file is named like `{intent.text}`."
        total = last.get("total_count")
        count = total if isinstance(total, int) else len(names)
        listed = "\n".join(f"- `{name}`" for name in names[:_SHOWN_NAMES])
        verb = "is" if count == 1 else "are"
        return f"{_count(count, 'file')} {verb} named like `{intent.text}`:\n\n{listed}"
    matches = last.get("matches")
    if not isinstance(matches, list):
        found = [line for line in str(last.get("output") or "").splitlines() if line.strip()]
        lines = [f"- {line}" for line in found]
        count, places = len(found), len({line.partition(":")[0] for line in found})
    else:
        lines = [
            f"- `{m.get('path')}:{m.get('line')}` {str(m.get('content')).strip()}" for m in matches
        ]
        total = last.get("total_count")
        count = total if isinstance(total, int) else len(matches)
        places = len({m.get("path") for m in matches})
    if not lines:
        return f"Nothing contains `{intent.text}`."
    head = f"`{intent.text}` is in {_count(count, 'line')} of {_count(places, 'file')}:"
    return f"{head}\n\n" + "\n".join(lines[:_SHOWN_NAMES])


def _remembered(intent: Intent, last: Done) -> str:
    if last.problem:
        return _failed("Remembering that", last)
    usage = last.get("usage")
    room = f" Memory is {usage} full." if isinstance(usage, str) and usage else ""
    return f"I will remember: {_sentence(intent.text)}{room} It is in the prompt of later sessions."


def ran(command: str, last: Done) -> str:
    """Return what came of a command."""
    if last.was_refused:
        return f"I did not run `{command}`: {_refusal(last)}"
    output = str(last.get("output") or "").strip("\n")
    code = last.get("exit_code")
    if last.data is None or (last.problem and code is None):
        return f"`{command}` was not run: {_sentence(last.problem)}"
    head = f"`{command}` ended with exit code {code}"
    meaning = last.get("exit_code_meaning")
    if meaning:
        head += f" ({meaning})"
    if last.problem:
        head += f": {last.problem}"
    return f"{head} and printed:\n\n{fenced(output)}" if output else f"{head} and printed nothing."
