"""Token numbers that services put into their error texts."""

from __future__ import annotations

import re

# "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000"
_SUM = re.compile(r"(\d+)\s*\+\s*(\d+)\s*>\s*(\d+)")
# "maximum context length is 8192 tokens. However, you requested 9000 tokens
#  (5000 in the messages, 4000 in the completion)"
_SHARES = re.compile(
    r"maximum context length is (\d+).{0,80}?\((\d+)[^,;)]*(?:messages|input|prompt)[^,;)]*[,;]",
    re.IGNORECASE,
)
_AVAILABLE = re.compile(r"available[_ ]tokens\W{0,4}(\d+)", re.IGNORECASE)
_WINDOW = (
    re.compile(r"tokens?\s*>\s*(\d{3,8})\s*(?:token\w*\s*)?max", re.IGNORECASE),
    re.compile(
        r"(?:context|input|prompt)[ _-]?(?:length|window|size|limit)\D{0,24}?(\d{3,8})",
        re.IGNORECASE,
    ),
    re.compile(r"max_model_len\D{0,12}?(\d{3,8})", re.IGNORECASE),
    re.compile(r"n_ctx(?:_slot)?\D{0,6}?(\d{3,8})", re.IGNORECASE),
    re.compile(r"maximum (?:number of )?tokens\D{0,24}?(\d{3,8})", re.IGNORECASE),
)


def output_cap_in(text: str) -> int | None:
    """Return the tokens left for the reply when only the asked reply is too long."""
    total = _SUM.search(text)
    if total:
        prompt, _, window = (int(number) for number in total.groups())
        return window - prompt if prompt < window else None
    shares = _SHARES.search(text)
    if shares:
        window, prompt = (int(number) for number in shares.groups())
        return window - prompt if prompt < window else None
    available = _AVAILABLE.search(text)
    return int(available.group(1)) if available and "max_tokens" in text else None


def window_in(text: str) -> int | None:
    """Return the context size a service names, in tokens."""
    total = _SUM.search(text)
    if total:
        return int(total.group(3))
    for pattern in _WINDOW:
        found = pattern.search(text)
        if found:
            return int(found.group(1))
    return None
