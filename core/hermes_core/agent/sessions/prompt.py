"""The frozen system prompt: built once for a session, stored, sent byte-identical ever after.

Layers, in order: who the agent is (`SOUL.md` or our own words), how to use the tools
it has, the caller's text, the project's own instructions, and the facts of place and
date. The date has no time of day: a minute in it would spoil every prompt cache.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import platform as platform_module
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from hermes_core.errors import ConfigError
from hermes_core.paths import Home

MAX_FILE_CHARS = 20_000
HEAD_SHARE = 0.7
TAIL_SHARE = 0.2

IDENTITY = """\
You are Hermes, an agent that lives in the user's terminal. You get things done with \
your tools rather than describing how they could be done, you say plainly what you did \
and what you could not do, and you keep answers as short as the matter allows."""

TOOL_USE = """\
Use your tools to act and to check. Read before you change, verify after. Call several \
tools at once when they do not depend on each other. Paths are relative to the working \
folder unless absolute. If a command is refused, do not try to get around the refusal: \
say what you wanted to do and why."""

ACT = """\
When work is asked for, do it now, with your tools. A plan, a promise to look, or a \
description of what somebody could do is no answer. Go on after each result until the \
task is done or you know that it cannot be done, and then say which."""

FAMILY_HINTS = {
    ("gemini", "gemma"): (
        "Check what you state with a tool instead of remembering it, and use absolute paths"
        " where a tool takes them."
    ),
    ("gpt", "codex"): (
        "Do not stop to ask whether to go on: what needs a permission asks for it by itself."
    ),
}
"""More for families of models that tend to talk instead, by parts of their names."""

TALKERS = ("gpt", "codex", "gemini", "gemma", "grok")
"""Parts of the names of models that are reminded to act unless the settings say otherwise."""

PLATFORM_HINTS = {
    "cli": "Your answers are shown in a terminal that renders Markdown.",
    "api_server": "Your answers go to a program through an HTTP API. Markdown is fine.",
}

PROJECT_FILES = (
    (".hermes.md", "HERMES.md"),
    ("AGENTS.md", "agents.md"),
    ("CLAUDE.md", "claude.md"),
    (".cursorrules",),
)

_log = logging.getLogger(__name__)

Scan = Callable[[str], Iterable[str]]
"""Findings of injected instructions in a text; none is good."""


class PromptFacts(Struct, frozen=True, kw_only=True):
    """What the prompt is made of."""

    home: Home
    cwd: Path
    tool_names: tuple[str, ...]
    model: str
    provider: str
    source: str = "cli"
    system_message: str = ""
    today: dt.date
    timezone: str = ""
    """Whose date it is; empty: the system's."""
    enforcement: bool | str | Sequence[str] = "auto"
    """Who is reminded to act: `auto`, nobody, everybody, or models with these parts in
    their names."""
    session_id: str = ""
    """Set only when the user wants the id in the prompt."""


class Prompt(Struct, frozen=True):
    """The text, and what the person should know about how it came to be."""

    text: str
    warnings: tuple[str, ...] = ()


def prompt_hash(text: str) -> str:
    """Tells prompts apart: 16 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def zone_of(name: str) -> dt.tzinfo | None:
    """Return the time zone of that IANA name; None, the system's, without a name.

    Raises:
        ConfigError: There is no such zone.
    """
    if not name.strip():
        return None
    import zoneinfo  # measured: 3 ms, needed only where a zone is set

    try:
        return zoneinfo.ZoneInfo(name.strip())
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(f"timezone: there is no zone {name!r}; the system's is used.") from error


def build_prompt(facts: PromptFacts, *, scan: Scan = lambda text: ()) -> Prompt:
    """Build the prompt. Reads files; call it in a thread.

    Args:
        facts: The ingredients.
        scan: Looks for injected instructions in files; a file with findings is
            replaced by a line that says so.
    """
    warnings: list[str] = []
    layers = [_identity(facts.home, scan, warnings)]
    if facts.tool_names:
        layers.append(TOOL_USE)
        layers.extend(_reminders(facts))
    if facts.system_message.strip():
        layers.append(facts.system_message.strip())
    layers.extend(_project(facts.cwd, scan, warnings))
    layers.append(_place(facts))
    hint = PLATFORM_HINTS.get(facts.source)
    if hint:
        layers.append(hint)
    return Prompt("\n\n".join(layer for layer in layers if layer), tuple(warnings))


def _reminders(facts: PromptFacts) -> Iterable[str]:
    """What a model is told that tends to describe work instead of doing it."""
    name, wanted = facts.model.lower(), facts.enforcement
    if isinstance(wanted, str):
        wanted = TALKERS
    if wanted is False or (wanted is not True and not any(p.lower() in name for p in wanted)):
        return
    yield ACT
    for parts, text in FAMILY_HINTS.items():
        if any(part in name for part in parts):
            yield text


def _identity(home: Home, scan: Scan, warnings: list[str]) -> str:
    text = _read(home.soul_file)
    if not text:
        return IDENTITY
    return _scanned(text, "SOUL.md", scan, warnings)


def _project(cwd: Path, scan: Scan, warnings: list[str]) -> Iterable[str]:
    found = _project_file(cwd)
    if found is None:
        return ()
    text = _without_front_matter(_read(found)) if found.suffix == ".md" else _read(found)
    if not text:
        return ()
    body = _scanned(text, found.name, scan, warnings)
    return (f"# Instructions of this project ({found.name})\n\n{body}",)


def _project_file(cwd: Path) -> Path | None:
    for names in PROJECT_FILES:
        folders = _up_to_root(cwd) if names[0] == ".hermes.md" else (cwd,)
        for folder in folders:
            for name in names:
                candidate = folder / name
                if candidate.is_file():
                    return candidate
    return None


def _up_to_root(cwd: Path) -> tuple[Path, ...]:
    """The folder and its parents up to the root of the git repository, if in one."""
    chain = [cwd, *cwd.parents]
    for index, folder in enumerate(chain):
        if (folder / ".git").exists():
            return tuple(chain[: index + 1])
    return (cwd,)


def _scanned(text: str, name: str, scan: Scan, warnings: list[str]) -> str:
    findings = list(scan(text))
    if findings:
        listed = ", ".join(findings)
        warnings.append(f"{name} was not loaded: it may contain injected instructions ({listed}).")
        return (
            f"[BLOCKED: {name} contained potential prompt injection ({listed}). "
            "Content not loaded.]"
        )
    if len(text) <= MAX_FILE_CHARS:
        return text
    head = text[: int(MAX_FILE_CHARS * HEAD_SHARE)]
    tail = text[-int(MAX_FILE_CHARS * TAIL_SHARE) :]
    return f"{head}\n\n[… {name} is too long; its middle was left out …]\n\n{tail}"


def _without_front_matter(text: str) -> str:
    if not text.startswith("---\n"):
        return text
    end = text.find("\n---", 4)
    return text[end + 4 :].lstrip("\n") if end > 0 else text


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace").strip()
    except OSError as error:
        if not isinstance(error, FileNotFoundError):
            _log.warning("%s cannot be read: %s", path, error)
        return ""


def _place(facts: PromptFacts) -> str:
    lines = [
        f"Working folder: {facts.cwd}",
        f"System: {platform_module.system()} {platform_module.machine()}",
        f"Date: {facts.today:%A, %d %B %Y}" + (f" ({facts.timezone})" if facts.timezone else ""),
        f"Model: {facts.model} via {facts.provider}",
    ]
    if facts.session_id:
        lines.append(f"Session: {facts.session_id}")
    return "\n".join(lines)
