"""Rules for searching and for running commands."""

from __future__ import annotations

import re

from hermes_core.providers.demo.commands import KNOWN, TYPED_BARE
from hermes_core.providers.demo.intent import Intent
from hermes_core.providers.demo.wording import as_path, begins_like_a_wish, unquoted

_I = re.IGNORECASE | re.DOTALL

_WEB = re.compile(r"\b(?:web|internet|online|google|wikipedia|news|amazon|youtube|twitter)\b", _I)
_ALL_FILES = (
    r"(?:(?:all\s+|any\s+of\s+|the\s+|my\s+|our\s+|these\s+|this\s+|every\s+|current\s+|whole\s+)*"
    r"(?:files?|folder|directory|code(?:base)?|project|repo(?:sitory)?|source(?:s|\s+code)?|workspace|here))"
)
_WHERE = rf"(?:\s+(?:in|inside|within|under|through|across|throughout|from)\s+(?:{_ALL_FILES}|(?:the\s+)?(?:folder\s+|directory\s+|file\s+)?(?P<path>\S+?)(?:\s+(?:folder|directory))?)|\s+here|\s+anywhere)?"
_THE_TEXT = r"(?:(?:the\s+)?(?:text|word|words|string|phrase|term|pattern|lines?\s+(?:with|containing))\s+|(?:all\s+|any\s+|every\s+)?(?:the\s+)?(?:occurrences?|mentions?|uses?|usages?|references?|instances?|appearances?)\s+(?:of|to)\s+(?:the\s+(?:word|text)\s+)?|all\s+(?:the\s+)?)?"
_SEARCH = [
    re.compile(
        rf"search\s+(?:in|through|inside)\s+(?:{_ALL_FILES}|(?P<path>\S+))\s+for\s+{_THE_TEXT}(?P<text>.+)",
        _I,
    ),
    re.compile(
        rf"(?:(?:search|grep|scan)\s+(?:{_ALL_FILES}\s+)?(?:for\s+)?|(?:look|hunt)\s+for\s+){_THE_TEXT}(?P<text>.+?){_WHERE}",
        _I,
    ),
    re.compile(
        rf"(?:in|inside)\s+(?P<path>\S+),?\s+(?:search|look|grep)\s+(?:for\s+)?{_THE_TEXT}(?P<text>.+)",
        _I,
    ),
    re.compile(rf"(?:find|locate|show\s+me)\s+{_THE_TEXT}(?P<text>.+?){_WHERE}", _I),
    re.compile(
        r"(?:(?:which|what)\s+files?|where|does\s+(?:anything|any\s+file)|do\s+any\s+files|is\s+there\s+a\s+file\s+that|(?:find|list|show\s+me)\s+(?:all\s+|the\s+|every\s+)*files?(?:\s+(?:that|which))?)\s+"
        r"(?:here\s+|in\s+this\s+(?:folder|project)\s+)?(?:contain(?:s|ing)?|mention(?:s|ing)?|use[sd]?|using|includ(?:es?|ing)|have|has|says?|talks?\s+about|with\s+the\s+text)\s+(?:the\s+(?:word|text|string|phrase)\s+)?(?P<text>.+?)(?P<path>$)",
        _I,
    ),
    re.compile(
        rf"(?:find\s+(?:out\s+)?)?where\s+(?:(?:is|are|do\s+(?:i|we)\s+use|does)\s+|(?=\S+\s+is\s))(?:the\s+(?:word|text|string|function|class|variable)\s+)?(?P<text>.+?)\s*(?:\b(?:is|are)\s+)?"
        rf"(?P<used>\b(?:used|defined|mentioned|called|written|set|appear|occur|come\s+up)\b)?{_WHERE}",
        _I,
    ),
]
_FIND_NAMED = re.compile(
    rf"(?:find|search\s+for|look\s+for|locate|list|show\s+me)\s+(?:me\s+)?(?:all\s+|the\s+|every\s+|any\s+)*"
    rf"(?:files?\s+(?:(?:that\s+are\s+)?(?:called|named|matching|ending\s+(?:in|with)|like))\s+(?P<glob>[\w.*?\[\]-]+)"
    rf"|(?P<ext>\*?\.[\w]+|python|markdown|text|json|yaml|javascript|rust)\s+files?){_WHERE}",
    _I,
)
_EXTENSIONS = {
    "python": "*.py",
    "markdown": "*.md",
    "text": "*.txt",
    "json": "*.json",
    "yaml": "*.y*ml",
    "javascript": "*.js",
    "rust": "*.rs",
}


def search(request: str) -> Intent | None:
    """A text or file name to look for."""
    if _WEB.search(request):
        return None
    match = _FIND_NAMED.fullmatch(request)
    if match is not None:
        ext = (match["ext"] or "").lower()
        glob = match["glob"] or _EXTENSIONS.get(ext) or f"*{ext.lstrip('*')}"
        if not re.search(r"[*?\[]", glob):
            glob = f"*{glob}*" if "." not in glob else glob
        return Intent("find", path=match["path"] or ".", text=glob)
    for index, pattern in enumerate(_SEARCH):
        match = pattern.fullmatch(request)
        if match is None:
            continue
        words = match["text"].strip()
        place = as_path(match["path"]) if match["path"] else None
        text = unquoted(words)
        if not _can_be_sought(words, text, request, needs_sign=index in (3, 5), match=match):
            continue
        return Intent("search", path=place.path if place else ".", text=text)
    return None


def _can_be_sought(
    words: str, text: str, request: str, *, needs_sign: bool, match: re.Match[str]
) -> bool:
    if not text or begins_like_a_wish(words):
        return False
    if text != words:
        return True
    if needs_sign:
        said = match.groupdict().get("used") or match["path"]
        spoken = re.search(
            r"\b(?:text|word|string|phrase|occurrences?|mentions?|uses|usages?|references?)\b",
            request,
            _I,
        )
        inside = re.search(
            rf"\b(?:in|inside|across|through|throughout)\s+{_ALL_FILES}$", request, _I
        )
        return bool(said or spoken or inside or re.fullmatch(r"(?:TODO|FIXME|XXX|HACK)s?", text))
    return len(text.split()) <= 4


_RUN = [
    re.compile(
        r"(?:(?:in|using|with|from|on)\s+(?:the\s+|a\s+|your\s+)?(?:terminal|shell|bash|command\s+line)[,:]?\s+)?"
        r"(?:(?:use|open)\s+(?:the\s+|a\s+)?(?:terminal|shell)\s+(?:to|and)\s+)?"
        r"(?:run|execute|exec|launch|start|try|invoke|call|do|type|issue)(?:\s+|\s*:\s*)(?P<said>(?:for\s+me\s+)?(?:the\s+|this\s+|a\s+)?(?:(?:shell|terminal|bash|following)\s+)*(?:command|commands)\s*:?\s*)?"
        r"(?P<text>.+?)(?:\s+(?:in|on|with|using)\s+(?:the\s+|a\s+|my\s+)?(?:terminal|shell|bash|command\s+line|console))?",
        _I,
    ),
    re.compile(
        r"(?:what\s+(?:does|is\s+the\s+(?:output|result)\s+of|would)|what(?:'s|\s+is)\s+the\s+output\s+of|show\s+me\s+(?:the\s+(?:output|result)\s+of|what)|tell\s+me\s+what|give\s+me\s+the\s+output\s+of)\s+"
        r"(?P<said>(?:the\s+)?(?:command\s+)?)(?P<text>.+?)(?:\s+(?:says?|prints?|outputs?|gives?|returns?|shows?|do))?",
        _I,
    ),
    re.compile(r"(?P<said>[$!]\s*|(?:shell|bash|terminal|command)\s*:\s*)(?P<text>.+)", _I),
    re.compile(r"(?P<said>)(?P<text>`[^`]+`)", _I),
]


def run(request: str) -> Intent | None:
    """A command."""
    for pattern in _RUN:
        match = pattern.fullmatch(request)
        if match is None:
            continue
        words = match["text"].strip()
        command = unquoted(words)
        said = (match["said"] or "").lower()
        explicit = "command" in said or said.strip() in {"$", "!"}
        if command and (command != words or _is_a_command(command, explicit=explicit)):
            return Intent("run", text=command)
    first = request.split()[0]
    if first in TYPED_BARE and (request == first or TYPED_BARE[first].match(request)):
        return Intent("run", text=request)
    return None


def _is_a_command(command: str, *, explicit: bool) -> bool:
    first = command.split()[0]
    if re.fullmatch(r"(?:a|an|the|my|some|it|this|that|your|our|me|all|away|to|for)", first, _I):
        return False
    return explicit or first in KNOWN or re.match(r"(?:\./|/|~/)\S", first) is not None
