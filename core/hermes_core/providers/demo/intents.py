"""Understands a handful of plain requests; everything else is None.

A request is matched whole, after polite words are taken off both ends, so that a
longer or cleverer wish falls through and is declined rather than half understood.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import Literal, TypeAlias

from hermes_core.providers.demo.commands import KNOWN, TYPED_BARE
from hermes_core.providers.demo.wording import (
    FOLDER_HERE,
    Named,
    as_path,
    begins_like_a_wish,
    plain,
    unquoted,
)

Kind: TypeAlias = Literal[
    "list", "read", "write", "run", "search", "find", "remember", "tour", "about"
]


@dataclass(frozen=True, slots=True)
class Intent:
    """What is wanted, with the words it is about."""

    kind: Kind
    path: str = ""
    """`list`, `read`, `write`: file or folder. `search`, `find`: where."""
    text: str = ""
    """`write`: content. `run`: command. `search`: text. `find`: glob. `remember`: fact."""
    lines: int = 0
    """`read`: how many lines, 0 for the usual."""


_I = re.IGNORECASE | re.DOTALL


def understand(message: str) -> Intent | None:
    """Return what a message asks for, or None if it is beyond this model."""
    for candidate in dict.fromkeys((message, message.strip().rpartition("\n\n")[2])):
        request = plain(candidate)
        if not request:
            continue
        for rule in (_tour, _about, _remember, _write, _delete, _list, _read, _search, _run):
            intent = rule(request)
            if intent is not None:
                return intent
    return None


# --- tour and about ------------------------------------------------------------------

_TOUR = re.compile(
    r"""(?:(?:the\s+|a\s+|your\s+|our\s+|guided\s+|quick\s+|short\s+|little\s+|start|begin|do|give\s+me
      |take\s+me\s+(?:on|through)|i(?:'d|\s+would)\s+like|i\s+want|show\s+me|run|let(?:'s|\s+us)|have|go\s+on|
      |of\s+this\s+(?:app|program|tool|place)|for|through|\s)*\btour\b(?:\s+of\s+.{1,40})?)
    | (?:show|walk|take)\s+me\s+(?:around|through(?:\s+(?:it|this|everything|the\s+(?:app|program|features)))?)
    | show\s+(?:me\s+)?what\s+(?:you|this|it)\s+can\s+do
    | (?:give\s+me\s+|show\s+me\s+|start\s+|run\s+)?(?:a\s+|the\s+)?(?:quick\s+)?(?:demo|demonstration|walkthrough|walk-through)
    | demonstrate(?:\s+(?:yourself|what\s+you\s+can\s+do|it))?
    | (?:how\s+(?:do|can|should)\s+i\s+(?:get\s+started|start|begin)|get\s+me\s+started|where\s+do\s+i\s+(?:start|begin))
    | (?:how\s+does\s+(?:this|it)(?:\s+(?:app|program|thing))?\s+work)
    """,
    _I | re.VERBOSE,
)

_ABOUT = re.compile(
    r"""(?:hi|hello|hey|hallo|good\s+(?:morning|afternoon|evening)|howdy|yo|greetings)(?:\s+(?:there|hermes|all))?
    | (?:help|help\s+me|\?)
    | (?:who|what)\s+(?:exactly\s+)?are\s+you(?:\s+exactly)?
    | what(?:'s|\s+is)\s+(?:this|hermes|your\s+name|the\s+demo(?:\s+model)?)
    | what(?:\s+(?:kind|sort)\s+of)?\s+(?:model|assistant|ai|llm|bot)\s+(?:are\s+you|is\s+(?:this|it))
    | which\s+(?:model|ai|llm)\s+(?:are\s+you|is\s+this|am\s+i\s+(?:talking|speaking)\s+to|answers(?:\s+here)?)
    | what\s+model\s+am\s+i\s+(?:talking|speaking)\s+to
    | (?:who|what)\s+am\s+i\s+(?:talking|speaking)\s+(?:to|with)
    | what\s+(?:can|could|do)\s+you\s+(?:do|help(?:\s+me)?\s+with|understand|know\s+how\s+to\s+do)(?:\s+(?:here|for\s+me))?
    | (?:how\s+can|can)\s+you\s+help(?:\s+me)?
    | what\s+(?:are\s+your\s+(?:abilities|capabilities|skills|limits)|can\s+i\s+ask(?:\s+you)?|should\s+i\s+ask(?:\s+you)?)
    | are\s+you\s+(?:(?:a|an|the)\s+)?(?:real|human|person|robot|bot|ai|llm|chatgpt|gpt(?:-?\d)?|claude|gemini|hermes|demo|language\s+model|real\s+(?:ai|model|person|language\s+model|llm))(?:\s+model)?
    | (?:introduce\s+yourself|describe\s+yourself|explain\s+yourself|tell\s+me\s+(?:about\s+yourself|who\s+you\s+are|what\s+you\s+(?:are|can\s+do)))
    | (?:how\s+(?:do|can|would)\s+i\s+|i\s+want\s+to\s+)(?:use|set\s+up|set|configure|get|add|connect|choose|switch\s+to)\s+(?:a|another|my|the)\s+(?:(?:real|proper|other|different|own|better)\s+)*(?:model|provider|api\s+key|key)
    """,
    _I | re.VERBOSE,
)


def _tour(request: str) -> Intent | None:
    return Intent("tour") if _TOUR.fullmatch(request) else None


def _about(request: str) -> Intent | None:
    return Intent("about") if _ABOUT.fullmatch(request) else None


# --- memory --------------------------------------------------------------------------

_REMEMBER = re.compile(
    r"""(?:remember|memori[sz]e|note(?:\s+down)?|keep\s+in\s+mind|bear\s+in\s+mind
      |(?:don'?t|do\s+not|never)\s+forget|make\s+(?:yourself\s+)?a\s+note(?:\s+of)?|take\s+(?:a\s+)?note(?:\s+of)?
      |(?:save|store|put|add|write)\s+(?:this\s+|it\s+)?(?:to|in|into)\s+(?:your\s+|the\s+)?memory
      |(?:save|store|add)\s+to\s+memory|learn)
      (?:\s*[:,]\s*|\s+)
      (?:(?:this|the\s+following)(?:\s+(?:fact|about\s+me|for\s+later))?\s*[:,]\s*)?(?:that\s+|the\s+fact\s+that\s+)?
      (?P<fact>\S.*\S)""",
    _I | re.VERBOSE,
)
_FACT_FIRST = re.compile(
    r"(?P<fact>(?:my|i|i'm|we|our)\b.{3,}?)[,.;]?\s+(?:(?:please\s+)?(?:remember|memori[sz]e)\s+(?:that|this|it)"
    r"|(?:don'?t|do\s+not)\s+forget\s+(?:that|this|it))",
    _I,
)
_A_QUESTION = re.compile(
    r"(?:when|how|where|why|who|what|which|if|whether|the\s+time|to\b|me\b(?!\s*:)|us\b|it$|this$|that$)",
    _I,
)


def _remember(request: str) -> Intent | None:
    match = _FACT_FIRST.fullmatch(request) or _REMEMBER.fullmatch(request)
    if match is None:
        return None
    fact = unquoted(match["fact"])
    if _A_QUESTION.match(fact) or request.endswith("?") or len(fact.split()) < 2:
        return None
    if request.lower().startswith("learn") and not re.match(r"learn\s*(?::|that\b)", request, _I):
        return None
    return Intent("remember", text=fact)


# --- files ---------------------------------------------------------------------------

_FILE = r"(?:(?:a|an|the|my|this)\s+)?(?:new\s+)?(?:(?:text|empty)\s+)*(?:file\s+)?(?:called\s+|named\s+|at\s+)?"
_WITH = (
    r"(?:\s*,?\s*(?:with\s+(?:the\s+|this\s+)?(?:text|content|contents|words?|line|body)(?:\s+of)?"
    r"|(?:that|which)\s+(?:says|contains|reads)|saying|containing|reading|holding|with)\s*:?\s+"
    r"|\s*:\s*|\s+and\s+(?:write|put)\s+)"
)
_WRITE_TEXT_FIRST = re.compile(
    rf"(?:write|save|put|store)\s+(?:the\s+(?:text|words?|line|sentence)\s+)?(?P<text>.+?)\s+"
    rf"(?:to|into|in|as|inside)\s+{_FILE}(?P<path>\S+|\"[^\"]+\"|'[^']+'|`[^`]+`)",
    _I,
)
_WRITE_PATH_FIRST = re.compile(
    rf"(?:create|make|write|add|generate|start)\s+(?:me\s+)?(?:to\s+|into\s+)?{_FILE}"
    rf"(?P<path>\"[^\"]+\"|'[^']+'|`[^`]+`|[^\s:,]+){_WITH}(?P<text>.+)",
    _I,
)
_WRITE_EMPTY = re.compile(
    r"(?:create|make|add)\s+(?:me\s+)?(?:an?\s+)?(?:new\s+)?(?P<empty>empty\s+)?(?:text\s+)?"
    r"file\s+(?:called\s+|named\s+|at\s+)?(?P<path>\S+|\"[^\"]+\")",
    _I,
)


def _write(request: str) -> Intent | None:
    for pattern in (_WRITE_TEXT_FIRST, _WRITE_PATH_FIRST):
        match = pattern.fullmatch(request)
        if match is None:
            continue
        named, words = as_path(match["path"]), match["text"].strip()
        if named is None or not named.is_file_like or begins_like_a_wish(words):
            continue
        return Intent("write", path=named.path, text=unquoted(words))
    match = _WRITE_EMPTY.fullmatch(request)
    if match is not None and (named := as_path(match["path"])) is not None:
        return Intent("write", path=named.path)
    return None


_DELETE = re.compile(
    r"(?:delete|remove|erase|wipe|trash|get\s+rid\s+of|throw\s+away)\s+(?:the\s+|my\s+|this\s+|that\s+)?"
    r"(?:(?:whole|entire)\s+)?(?:(?P<what>folder|directory|dir|file)\s+)?(?:called\s+|named\s+)?"
    r"(?P<path>\S+|\"[^\"]+\"|'[^']+'|`[^`]+`)(?:\s+(?P<after>folder|directory|dir|file))?"
    r"(?:\s+(?:and|with)\s+(?:everything|all|its\s+contents?|all\s+its\s+contents?)(?:\s+(?:in|inside)(?:\s+(?:it|of\s+it))?)?"
    r"|\s+recursively|\s+completely)?",
    _I,
)


def _delete(request: str) -> Intent | None:
    match = _DELETE.fullmatch(request)
    if match is None:
        return None
    what = (match["what"] or match["after"] or "").lower()
    named = as_path(match["path"])
    if named is None or not (what or named.is_certain):
        return None
    if not what and not named.is_file_like and not match["path"].endswith("/"):
        return None
    is_file = what == "file" or (not what and named.is_file_like)
    dashes = "-- " if named.path.startswith("-") else ""
    return Intent("run", text=f"rm {'' if is_file else '-rf '}{dashes}{_shell_word(named.path)}")


def _shell_word(path: str) -> str:
    if path.startswith("~/"):
        return "~/" + shlex.quote(path[2:])
    return shlex.quote(path)


_SHOW = r"(?:list|show|display|print|see|give|get|tell|enumerate|view|check)"
_THINGS = (
    r"(?:all\s+|the\s+|my\s+|our\s+|every\s+|any\s+|of\s+|names\s+of\s+)*(?:files?|folders?|director(?:y|ies)|"
    r"dirs?|contents?|everything|things|stuff|filenames|file\s+names|documents|directory\s+listing|listing|file\s+list|"
    r"list\s+of\s+files)(?:\s+(?:and|or|&)\s+(?:all\s+|the\s+)*(?:folders?|files?|directories|subfolders|dirs))?"
)
_PLACE = (
    r"(?:\s+(?:that\s+)?(?:there\s+)?(?:are|is|exist|lives?|do\s+(?:i|we)\s+have|have\s+(?:i|we)))?(?:\s+there)?"
    rf"(?:\s+(?:{FOLDER_HERE})|\s+(?:in|of|inside|under|within|at|from|for)\s+(?P<path>.+?))?"
)
_LIST = [
    re.compile(
        rf"{_SHOW}\s+(?:me\s+|us\s+|out\s+)?(?:(?:which|what)\s+)?(?:a\s+|the\s+)?{_THINGS}{_PLACE}",
        _I,
    ),
    re.compile(rf"(?:what|which)\s+{_THINGS}{_PLACE}", _I),
    re.compile(rf"(?:what(?:'s|\s+is)|what\s+are)\s+(?:the\s+)?{_THINGS}{_PLACE}", _I),
    re.compile(
        rf"(?:(?:{_SHOW}\s+(?:me\s+|us\s+)?)?what(?:'s|\s+is|\s+do\s+(?:i|we)\s+have)|what(?:'s|\s+is)\s+(?:there\s+)?)"
        rf"{_PLACE}",
        _I,
    ),
    re.compile(rf"(?:a\s+|the\s+)?{_THINGS}{_PLACE}", _I),
    re.compile(
        rf"(?:list|ls|dir)(?:\s+the\b(?=.*\s(?:folder|directory)$))?(?:\s+(?:{FOLDER_HERE})|\s+(?P<path>[^\s-]\S*(?:\s+(?:folder|directory))?))?",
        _I,
    ),
    re.compile(
        rf"(?:take\s+a\s+)?look\s+(?:around|in|into|inside)(?:\s+(?:{FOLDER_HERE})|\s+(?P<path>.+?))?",
        _I,
    ),
]
_FOLDER_WORDS = re.compile(
    r"(?:the\s+|my\s+|our\s+|this\s+)?(?:(?:folder|directory|dir)\s+(?:called\s+|named\s+)?)?(?P<path>\S+|\"[^\"]+\"|'[^']+'|`[^`]+`)"
    r"(?P<after>\s+(?:folder|directory|dir|subfolder))?",
    _I,
)


def _list(request: str) -> Intent | None:
    for pattern in _LIST:
        match = pattern.fullmatch(request)
        if match is None:
            continue
        place = match["path"]
        if place is None:
            if re.fullmatch(
                r"(?:(?:the|a)\s+)?(?:stuff|things|everything|documents?|contents?)|what(?:'s|\s+is)",
                request,
                _I,
            ):
                continue
            return Intent("list", path=".")
        words = _FOLDER_WORDS.fullmatch(place)
        named = as_path(words["path"]) if words else None
        if named is None or named.is_file_like:
            continue
        if words and (
            words["after"]
            or named.is_certain
            or words["path"] != place
            or _may_be_folder(place, request)
        ):
            return Intent("list", path=named.path)
    return None


def _may_be_folder(place: str, request: str) -> bool:
    """A bare name is taken for a folder only where the request speaks of files."""
    if re.search(r"\b(?:files?|folders?|director(?:y|ies)|ls|dir|contents?)\b", request, _I):
        return re.fullmatch(r"[\w.-]+", place) is not None
    return (
        re.fullmatch(
            r"what(?:'s| is) (?:in|inside) (?:src|lib|docs?|tests?|build|dist|bin|data|core|app|scripts|examples)",
            request,
            _I,
        )
        is not None
    )


_READ = [
    re.compile(
        r"(?:read|open|show|display|print|cat|view|see|less|more|output|type|inspect|check|look\s+(?:at|into|inside)|have\s+a\s+look\s+at"
        r"|take\s+a\s+look\s+at|let\s+me\s+(?:see|read)|get|give\s+me|tell\s+me\s+what(?:'s|\s+is)\s+in|show\s+me\s+what(?:'s|\s+is)\s+in)\s+"
        r"(?:me\s+|us\s+|out\s+|up\s+)?(?:the\s+)?(?:(?:first|top)\s+(?P<lines>\d+|ten|twenty|few)\s+lines?\s+(?:of|from|in)\s+)?"
        r"(?:(?:whole|full|entire|complete)\s+)?(?:(?:text|content|contents|inside)\s+(?:of|in|from)\s+)?"
        r"(?:the\s+|my\s+|our\s+|this\s+)?(?P<word>file\s+)?(?:called\s+|named\s+)?(?P<path>\S+|\"[^\"]+\"|'[^']+'|`[^`]+`)(?P<after>\s+file)?"
        r"(?:\s+(?:to\s+me|out|aloud|file))?",
        _I,
    ),
    re.compile(
        r"(?:what(?:'s|\s+is|\s+does|\s+do|\s+are)?|tell\s+me\s+what)\s+(?:(?:is\s+)?(?:written\s+)?(?:in|inside)|does|the\s+contents?\s+of|contents?\s+of)?\s*"
        r"(?:the\s+contents?\s+of\s+)?(?:the\s+|my\s+)?(?P<word>file\s+)?(?P<path>\S+|\"[^\"]+\"|'[^']+'|`[^`]+`)(?P<after>\s+file)?"
        r"(?:\s+(?:say|says|contain|contains|hold|look\s+like|about))?",
        _I,
    ),
    re.compile(
        r"(?:the\s+)?contents?\s+of\s+(?:the\s+)?(?P<word>file\s+)?(?P<path>\S+|\"[^\"]+\")(?P<after>\s+file)?",
        _I,
    ),
]
_NUMBERS = {"ten": 10, "twenty": 20, "few": 5}


def _read(request: str) -> Intent | None:
    for pattern in _READ:
        match = pattern.fullmatch(request)
        if match is None:
            continue
        named = as_path(match["path"])
        spoken = bool(match["word"] or match["after"])
        if named is None or not (named.is_file_like or (spoken and _is_a_name(named))):
            continue
        count = (match.groupdict().get("lines") or "0").lower()
        return Intent("read", path=named.path, lines=_NUMBERS.get(count) or int(count))
    return None


def _is_a_name(named: Named) -> bool:
    return named.path.lower() not in {"it", "that", "this", "one", "here", "me", "a"}


# --- search and run ------------------------------------------------------------------

_WEB = re.compile(r"\b(?:web|internet|online|google|wikipedia|news|amazon|youtube|twitter)\b", _I)
_ALL_FILES = (
    r"(?:(?:all\s+|any\s+of\s+|the\s+|my\s+|our\s+|these\s+|this\s+|every\s+|current\s+|whole\s+)*"
    r"(?:files?|folder|directory|code(?:base)?|project|repo(?:sitory)?|source(?:s|\s+code)?|workspace|here))"
)
_WHERE = rf"(?:\s+(?:in|inside|within|under|through|across|throughout|from)\s+(?:{_ALL_FILES}|(?:the\s+)?(?:folder\s+|directory\s+|file\s+)?(?P<path>\S+?)(?:\s+(?:folder|directory))?)|\s+here|\s+anywhere)?"
_THE_TEXT = r"(?:(?:the\s+)?(?:text|word|words|string|phrase|term|pattern|lines?\s+(?:with|containing))\s+|(?:all\s+|any\s+|every\s+)?(?:the\s+)?(?:occurrences?|mentions?|uses?|usages?|references?|instances?|appearances?)\s+(?:of|to)\s+(?:the\s+(?:word|text)\s+)?|all\s+(?:the\s+)?)?"
_SEARCH = [
    re.compile(
        rf"(?:(?:search|grep|scan)\s+(?:{_ALL_FILES}\s+)?(?:for\s+)?|(?:look|hunt)\s+for\s+){_THE_TEXT}(?P<text>.+?){_WHERE}",
        _I,
    ),
    re.compile(
        rf"search\s+(?:in\s+|through\s+)?(?:{_ALL_FILES}|(?P<path>\S+))\s+for\s+{_THE_TEXT}(?P<text>.+)",
        _I,
    ),
    re.compile(
        rf"(?:in|inside)\s+(?P<path>\S+),?\s+(?:search|look|grep)\s+(?:for\s+)?{_THE_TEXT}(?P<text>.+)",
        _I,
    ),
    re.compile(rf"(?:find|locate|show\s+me)\s+{_THE_TEXT}(?P<text>.+?){_WHERE}", _I),
    re.compile(
        r"(?:(?:which|what)\s+files?|where|does\s+(?:anything|any\s+file)|do\s+any\s+files|is\s+there\s+a\s+file\s+that|(?:find|list|show\s+me)\s+(?:all\s+|the\s+)?files\s+(?:that|which))\s+"
        r"(?:here\s+|in\s+this\s+(?:folder|project)\s+)?(?:contains?|mentions?|uses?|includes?|have|has|says?|talks?\s+about)\s+(?:the\s+(?:word|text|string|phrase)\s+)?(?P<text>.+?)(?P<path>$)",
        _I,
    ),
    re.compile(
        rf"where\s+(?:is|are|do\s+(?:i|we)\s+use|does)\s+(?:the\s+(?:word|text|string|function|class|variable)\s+)?(?P<text>.+?)\s*"
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


def _search(request: str) -> Intent | None:
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
        r"(?:run|execute|exec|launch|start|try|invoke|call|do|type|issue)\s+(?P<said>(?:for\s+me\s+)?(?:the\s+|this\s+|a\s+)?(?:(?:shell|terminal|bash|following)\s+)*(?:command|commands)\s*:?\s*)?"
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


def _run(request: str) -> Intent | None:
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
