"""The ways in which models write calls into their text. Pure.

Source: the chat templates and model cards of the families named below. Each reader gets
the text from its first marker on and returns the calls it finds; one bad call does not
void the others.
"""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hermes_core.providers.text_calls.values import (
    Tools,
    WrittenCall,
    arguments_of,
    broken_call,
    call_of,
    json_at,
)

Reader = Callable[[str, Tools], list[WrittenCall]]


@dataclass(frozen=True, slots=True)
class Format:
    """One way of writing calls."""

    names: tuple[str, ...]
    marker: str
    """Where calls begin; empty: the text itself is JSON."""
    read: Reader


# --- JSON between tags: Hermes, Qwen, LongCat -----------------------------------------


_INVENTED = re.compile(r"</\w*tool_call>\s*<tool_response>")
"""A model that goes on with a result of its own; what it calls then rests on nothing."""


def _between(text: str, tag: str) -> Iterator[str]:
    """Each block after an opening tag; a last one may lack its closing tag."""
    opening, closing = f"<{tag}>", f"</{tag}>"
    text = _INVENTED.split(text, maxsplit=1)[0]
    at = text.find(opening)
    while at >= 0:
        at += len(opening)
        whole = json_at(text, at)
        end = text.find(closing, whole[1] if whole else at)
        following = text.find(opening, whole[1] if whole else at)
        stops = [stop for stop in (end, following) if stop >= 0]
        yield text[at : min(stops, default=len(text))]
        at = following


def _json_block(block: str) -> WrittenCall | None:
    found = json_at(block, 0)
    return call_of(found[0]) if found else broken_call(block)


def _tagged_json(tag: str) -> Reader:
    def read(text: str, tools: Tools) -> list[WrittenCall]:
        return [call for block in _between(text, tag) if (call := _json_block(block))]

    return read


# --- keys and values between tags: GLM, Qwen3-Coder ------------------------------------

_GLM_PAIR = re.compile(r"<arg_key>(.*?)</arg_key>\s*<arg_value>(.*?)(?:</arg_value>|\Z)", re.DOTALL)
_GLM_NAME = re.compile(r"\s*([\w.\-]+)\s*(?:\Z|\n|<arg_key>)")
_CODER_CALL = re.compile(r"<function=([^>\s]+)>(.*?)(?:</function>|\Z)", re.DOTALL)
_CODER_PAIR = re.compile(
    r"<parameter=([^>\s]+)>(.*?)(?:</parameter>|(?=<parameter=)|\Z)", re.DOTALL
)


def _glm_block(block: str, tools: Tools) -> WrittenCall | None:
    name = _GLM_NAME.match(block)
    if name is None:
        return None
    pairs = [(key.strip(), value) for key, value in _GLM_PAIR.findall(block)]
    return WrittenCall(name.group(1), arguments_of(pairs, name.group(1), tools))


def _glm(text: str, tools: Tools) -> list[WrittenCall]:
    blocks = _between(text, "tool_call")
    return [call for block in blocks if (call := _glm_block(block, tools))]


def _coder(text: str, tools: Tools) -> list[WrittenCall]:
    return [
        WrittenCall(name, arguments_of([(k, _framed(v)) for k, v in pairs], name, tools))
        for name, body in _CODER_CALL.findall(text)
        for pairs in (_CODER_PAIR.findall(body),)
    ]


def _framed(value: str) -> str:
    """Drop the one line break the format puts around a value."""
    return value.removeprefix("\n").removesuffix("\n")


def _any_tagged(text: str, tools: Tools) -> list[WrittenCall]:
    """Tell the three formats that share `<tool_call>` apart, block by block."""
    calls: list[WrittenCall] = []
    for block in _between(text, "tool_call"):
        inner = block.lstrip()
        if inner.startswith("<function="):
            calls += _coder(block, tools)
        else:
            call = _json_block(block) if inner[:1] == "{" else _glm_block(block, tools)
            calls += [call] if call else []
    return calls


# --- JSON alone: Llama -----------------------------------------------------------------

_PYTHON_TAG = "<|python_tag|>"


def _llama(text: str, tools: Tools) -> list[WrittenCall]:
    calls: list[WrittenCall] = []
    rest = text.replace(_PYTHON_TAG, " ").strip()
    while rest:
        found = json_at(rest, 0)
        call = call_of(found[0]) if found else None
        if found is None or call is None:
            break
        calls.append(call)
        rest = rest[found[1] :].lstrip(" \t\r\n;,")
    return calls


# --- marks of their own: Mistral, DeepSeek, Kimi ---------------------------------------

_MISTRAL = "[TOOL_CALLS]"
_MISTRAL_NAMED = re.compile(r"\s*([\w.\-]+)\s*(?:\[CALL_ID\]\w*)?(?:\[ARGS\])?\s*(?=\{)")
_ID_LETTERS = string.ascii_letters + string.digits


def _mistral(text: str, tools: Tools) -> list[WrittenCall]:
    calls: list[WrittenCall] = []
    for part in text.split(_MISTRAL)[1:]:
        calls += _mistral_list(part) if part.lstrip()[:1] == "[" else _mistral_named(part)
    return [
        WrittenCall(call.name, call.arguments, _nine(f"{number} {call.name} {call.arguments}"))
        for number, call in enumerate(calls)
    ]


def _mistral_list(text: str) -> list[WrittenCall]:
    found = json_at(text, 0)
    if found and isinstance(found[0], list):
        return [call for one in found[0] if (call := call_of(one))]
    calls: list[WrittenCall] = []
    at = text.find("{")
    while at >= 0:  # a list that is not whole: what is whole in it counts
        one = json_at(text, at)
        call = call_of(one[0]) if one else broken_call(text[at:])
        calls += [call] if call else []
        at = text.find("{", one[1]) if one else -1
    return calls


def _mistral_named(text: str) -> list[WrittenCall]:
    calls: list[WrittenCall] = []
    at = 0
    while (name := _MISTRAL_NAMED.match(text, at)) is not None:
        found = json_at(text, name.end())
        if found is None:
            calls.append(WrittenCall(name.group(1), text[name.end() :].strip()))
            break
        calls.append(WrittenCall(name.group(1), text[name.end() : found[1]].strip()))
        at = found[1]
    return calls


def _nine(seed: str) -> str:
    """An id of nine letters and digits, as this family's templates demand."""
    digest = hashlib.sha256(seed.encode("utf-8", "replace")).digest()
    return "".join(_ID_LETTERS[byte % len(_ID_LETTERS)] for byte in digest[:9])


_DEEPSEEK = "<｜tool▁calls▁begin｜>"
_DEEPSEEK_CALL = re.compile(
    r"<｜tool▁call▁begin｜>(.*?)<｜tool▁sep｜>(.*?)"
    r"(?:<｜tool▁call▁end｜>|(?=<｜tool▁call▁begin｜>)|<｜tool▁calls▁end｜>|\Z)",
    re.DOTALL,
)
_DEEPSEEK_FENCED = re.compile(r"\s*([\w.\-]+)\s*\n```json\s*\n?(.*?)\s*(?:```|\Z)", re.DOTALL)


def _deepseek(text: str, tools: Tools) -> list[WrittenCall]:
    calls = []
    for head, body in _DEEPSEEK_CALL.findall(text):
        fenced = _DEEPSEEK_FENCED.match(body)
        name, arguments = fenced.groups() if fenced else (head.strip(), body.strip())
        if name:
            calls.append(WrittenCall(name, arguments or "{}"))
    return calls


_KIMI = "<|tool_calls_section_begin|>"
_KIMI_CALL = re.compile(
    r"<\|tool_call_begin\|>\s*(\S+?)\s*<\|tool_call_argument_begin\|>\s*(.*?)\s*"
    r"(?:<\|tool_call_end\|>|(?=<\|tool_call_begin\|>)|<\|tool_calls_section_end\|>|\Z)",
    re.DOTALL,
)


def _kimi(text: str, tools: Tools) -> list[WrittenCall]:
    return [
        WrittenCall(
            call_id.removeprefix("functions.").rsplit(":", 1)[0], arguments or "{}", call_id
        )
        for call_id, arguments in _KIMI_CALL.findall(text)
    ]


FORMATS: tuple[Format, ...] = (
    Format(("hermes", "qwen"), "<tool_call>", _tagged_json("tool_call")),
    Format(("longcat",), "<longcat_tool_call>", _tagged_json("longcat_tool_call")),
    Format(("llama3_json", "llama4_json"), "", _llama),
    Format(("mistral",), _MISTRAL, _mistral),
    Format(("deepseek_v3",), _DEEPSEEK, _deepseek),
    Format(("deepseek_v3_1", "deepseek_v31"), _DEEPSEEK, _deepseek),
    Format(("kimi_k2",), _KIMI, _kimi),
    Format(("glm45", "glm47"), "<tool_call>", _glm),
    Format(("qwen3_coder",), "<tool_call>", _coder),
)
"""All of them, by the names other programs give them."""

BY_MARKER: dict[str, Reader] = {
    "<tool_call>": _any_tagged,
    "<longcat_tool_call>": _tagged_json("longcat_tool_call"),
    _PYTHON_TAG: _llama,
    _MISTRAL: _mistral,
    _DEEPSEEK: _deepseek,
    _KIMI: _kimi,
}
"""Which reader follows from a mark, where nobody said what the model writes."""


def format_named(name: str) -> Format:
    """Return the format of that name.

    Raises:
        KeyError: There is none.
    """
    return {known: one for one in FORMATS for known in one.names}[name]


def read_bare(text: str, tools: Tools) -> list[WrittenCall]:
    """Read text that is nothing but JSON; calls of tools that do not exist are no calls."""
    calls = _llama(text, tools)
    known = {tool.get("name") for tool in tools}
    return calls if all(call.name in known for call in calls) else []
