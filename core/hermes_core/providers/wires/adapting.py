"""Requests a service refuses for the way they are asked, and how it takes them. Pure.

Each change is one that some services want: OpenAI's newer models know no `max_tokens`
and do not stream for organizations that are not verified, older relays know no
`stream_options` or no stream at all. What was learned holds as long as the client does.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from hermes_core.errors import ProviderError
from hermes_core.providers.records import Record

_REFUSES = re.compile(
    r"unsupported|unknown|unrecognized|unexpected|not (?:be )?(?:supported|permitted|allowed)"
    r"|does(?: not|n't) support|extra (?:inputs|fields)"
)
_REFUSES_STREAM = re.compile(
    r"\bstream(?:ing)?\b(?!_).{0,60}not (?:be )?(?:supported|allowed|available)"
    r"|(?:does(?: not|n't)|not) support\w* .{0,30}\bstream(?:ing)?\b(?!_)"
    r"|verified to stream"
)


def adapted(record: Record, error: ProviderError) -> Record | None:
    """The provider as its refusal shows it; None if the refusal says nothing of the kind.

    Args:
        record: As it was asked.
        error: How it answered.
    """
    words = str(error).lower()
    if error.status not in (400, 422):
        return None
    if "stream_options" in words and record.usage_in_stream and _REFUSES.search(words):
        return replace(record, usage_in_stream=False)
    if (
        "max_completion_tokens" in words
        and record.output_cap_field == "max_tokens"
        and _REFUSES.search(words)
    ):
        return replace(record, output_cap_field="max_completion_tokens")
    if record.streams and _REFUSES_STREAM.search(words):
        return replace(record, streams=False)
    return None
