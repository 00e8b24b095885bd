"""Instructions hidden in files of a project, found before they reach the prompt.

A tripwire, not the boundary: what the agent may do is decided by the command guard
and the path rules, whatever it has read.

Source: terminal-security, "Prompt-injection scanning".
"""

from __future__ import annotations

import re
import unicodedata

_PATTERNS = {
    "prompt_injection": (
        r"(ignore|disregard|forget|overlook|override)\s+(all|any|every|the|your|these|my|\s)*"
        r"(previous|prior|above|earlier|preceding|foregoing)\s+"
        r"(instructions?|directives?|prompts?|rules|guidelines|orders)"
    ),
    "deception_hide": r"do\s+not\s+(tell|inform|alert|show|mention\s+(this|it)\s+to)\s+the\s+user",
    "sys_prompt_override": r"system\s+prompt\s+(override|is\s+now|replaced)|new\s+system\s+prompt\s*:",
    "disregard_rules": r"disregard\s+(all\s+|any\s+)?(your|the|these)\s+(instructions|rules|guidelines)",
    "bypass_restrictions": (
        r"(act|behave)\s+as\s+(if|though)\s+you\s+have\s+no\s+(restrictions|limits|rules)"
    ),
    "role_hijack": r"\b[Yy]ou\s+are\s+now\s+(?!(ready|able|done|free\s+to|set)\b)(an?\s+)?[A-Z][\w-]+",
    "html_comment_injection": (
        r"<!--[^>]{0,500}?\b(ignore|override|system|secret|hidden|instruction)"
    ),
    "hidden_div": r"<\s*\w+[^>]{0,200}style\s*=\s*[\"'][^\"']{0,200}display\s*:\s*none",
    "translate_execute": (r"translate\s+.{0,60}\s+(into|to)\s+.{0,40}\s+and\s+(run|execute|eval)"),
    "exfil_curl": r"\b(curl|wget)\b[^\n]{0,300}\$\{?\w*(KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL)",
    "read_secrets": (
        r"\bcat\b[^\n]{0,120}"
        r"(\.env(?![\w.-]*(example|sample|template|dist))\b|credentials|\.netrc|\.pgpass|id_rsa)"
    ),
    "ssh_backdoor": r"authorized_keys",
}
_CASED = {"role_hijack"}
_COMPILED = {
    name: re.compile(pattern, 0 if name in _CASED else re.IGNORECASE)
    for name, pattern in _PATTERNS.items()
}
_INVISIBLE = re.compile(
    "[\u200b\u2060\u2062-\u2064\u2066-\u2069\u202a-\u202e\u180e\ufeff\U000e0000-\U000e007f]"
)
_JOINERS = re.compile("[\u200c\u200d]")


def find_injection(text: str) -> list[str]:
    """Return the ids of what makes a text look like injected instructions; empty is good."""
    text = text.removeprefix("\ufeff")
    folded = unicodedata.normalize("NFKC", text)
    found = [name for name, pattern in _COMPILED.items() if pattern.search(folded)]
    if _INVISIBLE.search(text) or _has_stray_joiner(text):
        found.append("invisible_characters")
    return found


def _has_stray_joiner(text: str) -> bool:
    """A joiner belongs between emoji and inside words of scripts that need it."""
    for match in _JOINERS.finditer(text):
        before = text[match.start() - 1 : match.start()]
        after = text[match.end() : match.end() + 1]
        if not (before and after and _may_join(before) and _may_join(after)):
            return True
    return False


def _may_join(char: str) -> bool:
    if char.isascii():
        return False
    kind = unicodedata.category(char)
    return kind in ("So", "Sk", "Mn", "Mc", "Lo") or char == "\ufe0f"
