"""The verb of a tool line: a short word people recognise, by tool name or kind."""

from __future__ import annotations

from hermes_core.events import ToolFinished

AGENT = "agent"
"""Stands in place of a tool's name where a child agent works."""

_VERBS = {
    AGENT: "agent",
    "read_file": "read",
    "write_file": "write",
    "patch": "patch",
    "search_files": "grep",
    "terminal": "$",
    "process": "proc",
    "execute_code": "exec",
    "web_search": "search",
    "web_extract": "fetch",
    "web_crawl": "crawl",
    "browser_navigate": "open",
    "browser_snapshot": "look",
    "browser_click": "click",
    "browser_type": "type",
    "browser_scroll": "scroll",
    "browser_back": "back",
    "browser_press": "press",
    "browser_get_images": "images",
    "browser_vision": "vision",
    "browser_console": "console",
    "browser_close": "close",
    "vision_analyze": "vision",
    "image_generate": "draw",
    "text_to_speech": "speak",
    "mixture_of_agents": "reason",
    "todo": "plan",
    "memory": "memory",
    "session_search": "recall",
    "skills_list": "skills",
    "skill_view": "skill",
    "skill_manage": "skill",
    "clarify": "ask",
    "delegate_task": "task",
    "cronjob": "cron",
    "send_message": "send",
}
_KINDS = {
    "read": "read",
    "edit": "edit",
    "delete": "delete",
    "move": "move",
    "search": "search",
    "execute": "run",
    "think": "think",
    "fetch": "fetch",
    "ask": "ask",
}


def tool_verb(name: str, kind: str = "other") -> str:
    """Return the verb, at most 7 cells for tools we know."""
    if name in _VERBS:
        return _VERBS[name]
    if name.startswith("mcp_"):
        return name.removeprefix("mcp_").split("_")[0] or "mcp"
    return _KINDS.get(kind) or name.split("_")[0]


def is_known(name: str) -> bool:
    """Whether the verb alone says which tool it is."""
    return name in _VERBS


def was_stopped(event: ToolFinished) -> bool:
    """Whether a call ended because the person stopped the turn, which is no failure of it."""
    return not event.ok and event.summary == "interrupted"
