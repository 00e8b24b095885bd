"""Rules for requests about files and folders."""

from __future__ import annotations

import re
import shlex

from hermes_core.providers.demo.intent import Intent
from hermes_core.providers.demo.wording import (
    FOLDER_HERE,
    Named,
    as_path,
    begins_like_a_wish,
    unquoted,
)

_I = re.IGNORECASE | re.DOTALL

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
    rf"(?:create|make|write|add|generate|start|new)\s+(?:me\s+)?(?:to\s+|into\s+)?{_FILE}"
    rf"(?P<path>\"[^\"]+\"|'[^']+'|`[^`]+`|[^\s:,]+){_WITH}(?P<text>.+)",
    _I,
)
_WRITE_EMPTY = re.compile(
    r"(?:create|make|add)\s+(?:me\s+)?(?:an?\s+)?(?:new\s+)?(?P<empty>empty\s+)?(?:text\s+)?"
    r"file\s+(?:called\s+|named\s+|at\s+)?(?P<path>\S+|\"[^\"]+\")",
    _I,
)


def write(request: str) -> Intent | None:
    """A file with given content."""
    for pattern in (_WRITE_TEXT_FIRST, _WRITE_PATH_FIRST):
        match = pattern.fullmatch(request)
        if match is None:
            continue
        named, words = as_path(match["path"]), match["text"].strip()
        if named is None or not named.is_file_like or begins_like_a_wish(words):
            continue
        words = re.sub(r"(?<=[\"'`])\s+(?:in|inside)\s+it$", "", words)
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
_EMPTY_FOLDER = re.compile(
    r"(?:delete|remove|erase|wipe)\s+(?:everything|all(?:\s+the)?(?:\s+files)?)\s+(?:in|inside|from)\s+"
    r"(?:the\s+)?(?:folder\s+|directory\s+)?(?P<path>\S+)(?:\s+(?:folder|directory))?",
    _I,
)


def delete(request: str) -> Intent | None:
    """A file or folder to delete, as the command that does it."""
    inside = _EMPTY_FOLDER.fullmatch(request)
    if inside is not None and (named := as_path(inside["path"])) is not None:
        return Intent("run", text=f"rm -rf {_shell_word(named.path)}/*")
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
    r"(?:all\s+|the\s+|my\s+|our\s+|every\s+|any\s+|of\s+|names\s+of\s+|project\s+)*(?:files?|(?:folder|directory)\s+contents|folders?|director(?:y|ies)|"
    r"dirs?|contents?|everything|things|stuff|filenames|file\s+names|documents|directory\s+listing|listing|file\s+list|"
    r"list\s+of\s+(?:the\s+|all\s+|my\s+)*files)(?:\s+(?:and|or|&)\s+(?:all\s+|the\s+)*(?:folders?|files?|directories|subfolders|dirs))?"
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
    re.compile(rf"(?:what|which|how\s+many)\s+{_THINGS}{_PLACE}", _I),
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
    r"(?:the\s+|my\s+|our\s+|this\s+)?(?P<before>(?:folder|directory|dir)\s+(?:called\s+|named\s+)?)?(?P<path>\S+|\"[^\"]+\"|'[^']+'|`[^`]+`)"
    r"(?P<after>\s+(?:folder|directory|dir|subfolder))?",
    _I,
)


def listing(request: str) -> Intent | None:
    """A folder to list."""
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
            words["after"] or named.is_certain or words["before"] or _may_be_folder(place, request)
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


def read(request: str) -> Intent | None:
    """A file to show."""
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
