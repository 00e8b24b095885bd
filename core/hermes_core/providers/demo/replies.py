"""From a request to the next thing the demo says or does."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from hermes_core.providers.base import ModelRequest
from hermes_core.providers.demo.answers import DECLINED, WHAT_I_AM, answer
from hermes_core.providers.demo.conversation import Done, conversation
from hermes_core.providers.demo.intent import Intent
from hermes_core.providers.demo.intents import understand
from hermes_core.providers.demo.tour import tour_step

_IN_A_PATTERN = re.compile(r"[\\.^$*+?()\[\]{}|]")


class Reply(Struct, frozen=True):
    """Text, and at most one call after it."""

    text: str
    tool: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)


class Offer:
    """The tools of a request, by their schemas."""

    def __init__(self, tools: Sequence[Mapping[str, Any]]) -> None:
        self._tools = {str(tool["name"]): tool for tool in tools}

    def __contains__(self, name: str) -> bool:
        return name in self._tools

    def reply(self, text: str, tool: str, **arguments: Any) -> Reply:
        """Return a call with those arguments its schema knows."""
        known = self._tools[tool].get("parameters", {}).get("properties", {})
        return Reply(text, tool, {k: v for k, v in arguments.items() if k in known})


def next_reply(request: ModelRequest) -> Reply:
    """Return what comes next in the conversation."""
    talk = conversation(request)
    news = re.match(r"\[SYSTEM: ([^\n]+)", talk.said)
    if news is not None:
        return Reply(f"News from the background: {news[1].removesuffix(']')}")
    intent = understand(talk.said)
    if intent is None:
        return Reply(DECLINED)
    if intent.kind == "about":
        return Reply(WHAT_I_AM)
    offer = Offer(request.tools)
    if intent.kind == "tour":
        text, call = tour_step(talk.done, offered=lambda name: name in offer)
        return offer.reply(text, call[0], **call[1]) if call else Reply(text)
    if talk.done:
        last = talk.done[-1]
        other = _meant_instead(last) if intent.kind == "read" and len(talk.done) == 1 else ""
        if other:
            text = f"There is no `{intent.path}`, but there is `{other}`."
            return offer.reply(text, "read_file", path=other)
        if intent.kind == "read":
            intent = replace(intent, path=str(last.arguments.get("path") or intent.path))
        return Reply(answer(intent, last, talk.earlier))
    return _call(intent, offer)


def _call(intent: Intent, offer: Offer) -> Reply:
    match intent.kind:
        case "list":
            return _list(intent, offer)
        case "read":
            return _read(intent, offer)
        case "write":
            return _write(intent, offer)
        case "search" | "find":
            return _search(intent, offer)
        case "remember":
            return _remember(intent, offer)
        case _:
            if "terminal" in offer:
                text = f"I will run `{intent.text}`."
                return offer.reply(text, "terminal", command=intent.text)
            return _missing("run commands")


def _meant_instead(last: Done) -> str:
    """Return the file a person meant by a name without its ending: `readme`."""
    similar = last.get("similar_files")
    if last.name != "read_file" or not isinstance(similar, list):
        return ""
    wanted = PurePosixPath(str(last.arguments.get("path"))).name.lower()
    same = [str(path) for path in similar if PurePosixPath(str(path)).stem.lower() == wanted]
    return same[0] if len(same) == 1 else ""


def _missing(what: str) -> Reply:
    return Reply(f"I cannot {what} here: no tool for that is offered in this session.")


def _list(intent: Intent, offer: Offer) -> Reply:
    text = "I will look into " + ("this folder." if intent.path == "." else f"`{intent.path}`.")
    if "terminal" in offer:
        command = "ls -1Ap" + ("" if intent.path == "." else f" -- {quoted_path(intent.path)}")
        return offer.reply(text, "terminal", command=command)
    if "search_files" in offer:
        return offer.reply(text, "search_files", pattern="*", target="files", path=intent.path)
    return _missing("list files")


def _read(intent: Intent, offer: Offer) -> Reply:
    text = f"I will read `{intent.path}`."
    if "read_file" in offer:
        limit = {"limit": intent.lines} if intent.lines else {}
        return offer.reply(text, "read_file", path=intent.path, **limit)
    if "terminal" in offer:
        return offer.reply(text, "terminal", command=f"cat -- {quoted_path(intent.path)}")
    return _missing("read files")


def _write(intent: Intent, offer: Offer) -> Reply:
    if "write_file" not in offer:
        return _missing("write files")
    content = f"{intent.text}\n" if intent.text and not intent.text.endswith("\n") else intent.text
    text = f"I will write `{intent.path}`."
    return offer.reply(text, "write_file", path=intent.path, content=content)


def _search(intent: Intent, offer: Offer) -> Reply:
    text = f"I will search for `{intent.text}`."
    if "search_files" in offer:
        target = "files" if intent.kind == "find" else "content"
        pattern = intent.text if intent.kind == "find" else _literally(intent.text)
        return offer.reply(text, "search_files", pattern=pattern, target=target, path=intent.path)
    if "terminal" in offer:
        what, where = shlex.quote(intent.text), quoted_path(intent.path)
        command = f"grep -rnIF -e {what} -- {where}"
        if intent.kind == "find":
            command = f"find {where} -type f -name {what}"
        return offer.reply(text, "terminal", command=command)
    return _missing("search")


def _literally(text: str) -> str:
    return _IN_A_PATTERN.sub(lambda sign: f"\\{sign[0]}", text)


def _remember(intent: Intent, offer: Offer) -> Reply:
    if "memory" not in offer:
        return Reply(
            "I cannot remember that: there is no memory tool in this session, so nothing would "
            "outlast it."
        )
    about_person = re.match(r"(?:i|i'm|my|we|our|call me)\b", intent.text, re.IGNORECASE)
    target = "user" if about_person else "memory"
    return offer.reply(
        "I will put that into memory.", "memory", action="add", target=target, content=intent.text
    )


def quoted_path(path: str) -> str:
    """Return a path as a shell word; a leading `~/` still means home."""
    return "~/" + shlex.quote(path[2:]) if path.startswith("~/") else shlex.quote(path)
