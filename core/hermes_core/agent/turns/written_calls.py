"""Says so when a model wrote a call as plain text, which runs nothing. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hermes_core.events import Notice

_MAY_BE_A_CALL = re.compile(r"\A\s*\{|<\S{0,20}tool|\[TOOL_CALLS\]|<\|python_tag")


def written_calls_notice(text: str, schemas: Sequence[Mapping[str, Any]]) -> Notice | None:
    """Return what the person should know about an answer; None if it is a plain one.

    Args:
        text: The answer without its thinking.
        schemas: Of the tools that were offered; calls of others are somebody's example.
    """
    if not schemas or not _MAY_BE_A_CALL.search(text):
        return None
    # measured: 3 ms of regular expressions that most runs never need
    from hermes_core.providers.text_calls.reading import parse

    offered = {schema.get("name") for schema in schemas}
    _, calls = parse(text, schemas)
    names = [call.name for call in calls or () if call.name in offered]
    if not names:
        return None
    return Notice(
        level="warn",
        code="call_as_text",
        text=(
            f"The model wrote a call of {names[0]} as plain text, so nothing was run. Its server"
            " may need a switch for tools (llama.cpp: --jinja; vLLM: --enable-auto-tool-choice"
            " and --tool-call-parser; SGLang: --tool-call-parser), or set model.tool_calls to"
            " text."
        ),
    )
