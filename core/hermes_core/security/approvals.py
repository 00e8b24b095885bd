"""What one session may do without asking again, and what asking offers.

A grant is narrow by default: this exact command, or one family below one path. A
whole family is a further, explicit choice. Entries of older allowlists name whole
families (or carry the key an older program derived from a pattern) and are honoured.

Source: terminal-security, "Scopes".
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Literal

from msgspec import Struct

from hermes_core.security.guard import Verdict
from hermes_core.security.rules import Finding

_log = logging.getLogger(__name__)

Mode = Literal["manual", "smart", "off"]
Choice = Literal["once", "session", "always", "deny", "timeout", "cancelled"]
Save = Callable[[list[str]], Awaitable[None]]

_EXACT = "command:"
_SCOPED = "family:"
_UNDER = " under "

_OLD_KEYS = {
    "find": ("find -exec rm", "find -delete"),
    "rm": ("recursive delete", "recursive delete (long flag)", "delete in root path"),
    "chmod": ("world/other-writable permissions", "world/other-writable permissions (recursive)"),
}
"""Keys older programs derived from the text of a pattern, and what they meant."""

SMART_UNAVAILABLE = (
    "Smart approvals need an auxiliary model; none is set up, so every risk is asked."
)
"""Said when the mode is set to `smart`."""


def parse_mode(value: object) -> tuple[Mode, str]:
    """Return the mode a setting means and a warning, empty if it was clear.

    YAML reads a bare `off` as false, which means off; everything unknown is manual.
    """
    if value is False:
        return "off", ""
    if isinstance(value, str) and value.strip().lower() in ("manual", "smart", "off"):
        word = value.strip().lower()
        if word == "smart":
            return "smart", SMART_UNAVAILABLE
        return ("off", "") if word == "off" else ("manual", "")
    if value is None or value == "":
        return "manual", ""
    return "manual", f"approvals.mode {value!r} is unknown; every risk is asked."


def is_yes(value: str | None) -> bool:
    """Whether an environment switch is on: only 1, true, yes and on count."""
    return (value or "").strip().lower() in ("1", "true", "yes", "on")


class Decision(Struct, frozen=True):
    """What to do with a judged command."""

    action: Literal["allow", "ask", "block"]
    word: str = "allowed"
    """For the result's `approval` field when allowed: `allowed`, `session`, `always`, `yolo`."""
    findings: tuple[Finding, ...] = ()
    """What is still open, all shown in one question."""
    options: tuple[str, ...] = ()
    always_pattern: str = ""
    """What `always` would allow, in words."""
    text: str = ""
    """Why it is blocked, for the model."""
    note: str = ""
    """Something the person should know about the mode."""


class Grant(Struct, frozen=True):
    """One entry of the list a person can revoke."""

    number: int
    entry: str
    scope: Literal["session", "always"]


class ApprovalPolicy:
    """The rules of one session, and of the agents that work for it.

    Args:
        mode: As set for the session.
        allowlist: `command_allowlist`, shared by all sessions.
        save: Stores the allowlist after a change.
        allow_permanent: `approvals.allow_permanent`; False takes `always` away.
    """

    def __init__(
        self,
        *,
        mode: Mode = "manual",
        allowlist: Iterable[str] = (),
        save: Save | None = None,
        allow_permanent: bool = True,
    ) -> None:
        self.mode: Mode = mode
        self._always = list(dict.fromkeys(allowlist))
        self._session: list[str] = []
        self._save = save
        self._allow_permanent = allow_permanent and save is not None

    def decide(self, verdict: Verdict) -> Decision:
        """Say whether the command runs, needs a person, or never runs."""
        if verdict.action == "block":
            reasons = "; ".join(f.explanation for f in verdict.findings) or "a rule refuses it"
            return Decision(
                "block",
                findings=verdict.findings,
                text=f"BLOCKED: {reasons}. Nothing unlocks this; do not retry it in any form.",
            )
        if verdict.action == "allow":
            return Decision("allow")
        if self.mode == "off" and not verdict.forced:
            return Decision("allow", word="yolo", findings=verdict.findings)
        return self._ask_or_grant(verdict)

    def _ask_or_grant(self, verdict: Verdict) -> Decision:
        by_always = [f for f in verdict.findings if self._granted(f, verdict, self._always)]
        by_session = [f for f in verdict.findings if self._granted(f, verdict, self._session)]
        open_findings = tuple(
            f for f in verdict.findings if f not in by_always and f not in by_session
        )
        if not open_findings:
            return Decision("allow", word="session" if by_session else "always")
        permanent = self._allow_permanent and all(f.allow_permanent for f in open_findings)
        options = ("once", "session", *(("always",) if permanent else ()), "deny")
        return Decision(
            "ask",
            findings=open_findings,
            options=options,
            always_pattern=describe(entry_for(verdict, open_findings)),
            note=SMART_UNAVAILABLE if self.mode == "smart" else "",
        )

    def _granted(self, finding: Finding, verdict: Verdict, entries: Sequence[str]) -> bool:
        if finding.hardline or finding.key == "asked by your rules":
            return False
        return any(_covers(entry, finding, verdict) for entry in entries)

    async def record(
        self, choice: Choice, verdict: Verdict, decision: Decision, *, whole_family: bool = False
    ) -> str:
        """Remember an answer.

        Args:
            choice: What was answered. `once` and refusals remember nothing; `always`
                where it was not offered counts as `session`.
            verdict: What was asked about.
            decision: The decision that asked.
            whole_family: The person chose the families as a whole.

        Returns:
            The word for the result's `approval` field; `denied` for a refusal.
        """
        if choice in ("deny", "timeout", "cancelled"):
            return "denied"
        if choice == "once":
            return "once"
        entries = (
            [f.key for f in decision.findings]
            if whole_family
            else [entry_for(verdict, decision.findings)]
        )
        if choice == "always" and "always" in decision.options:
            await self._keep([*self._always, *(e for e in entries if e not in self._always)])
            return "always"
        self._session += [entry for entry in entries if entry not in self._session]
        return "session"

    def grants(self) -> tuple[Grant, ...]:
        """Return what was granted, session first, numbered from 1."""
        both = [("session", e) for e in self._session] + [("always", e) for e in self._always]
        return tuple(
            Grant(number, entry, "session" if scope == "session" else "always")
            for number, (scope, entry) in enumerate(both, start=1)
        )

    async def revoke(self, number: int) -> Grant | None:
        """Take a grant back by its number; None if there is no such number."""
        grant = next((g for g in self.grants() if g.number == number), None)
        if grant is None:
            return None
        if grant.scope == "session":
            self._session.remove(grant.entry)
        else:
            await self._keep([entry for entry in self._always if entry != grant.entry])
        return grant

    def clear_session(self) -> None:
        """Forget what was granted for the session, as a new conversation does."""
        self._session.clear()

    async def _keep(self, entries: list[str]) -> None:
        if self._save is not None:
            await self._save(list(entries))
        self._always = entries
        _log.info("command allowlist now has %d entries", len(entries))


def entry_for(verdict: Verdict, findings: Sequence[Finding]) -> str:
    """Return the narrow allowlist entry for a question.

    One family about one path below the working folder becomes family and path, so that
    the same clean-up in other words is not asked again; all else is the exact command.
    """
    if len(findings) == 1 and findings[0].scope and findings[0].key.startswith("recursive delete"):
        return f"{_SCOPED}{findings[0].key}{_UNDER}{findings[0].scope}"
    return _EXACT + verdict.normalised


def describe(entry: str) -> str:
    """Return an allowlist entry in words a person can judge."""
    if entry.startswith(_SCOPED):
        return entry.removeprefix(_SCOPED)
    if entry.startswith(_EXACT):
        return f"exactly this command: {entry.removeprefix(_EXACT)}"
    return f"every command of the family “{entry}”"


def _covers(entry: str, finding: Finding, verdict: Verdict) -> bool:
    if entry.startswith(_EXACT):
        return entry.removeprefix(_EXACT) == verdict.normalised
    if entry.startswith(_SCOPED):
        key, _, path = entry.removeprefix(_SCOPED).partition(_UNDER)
        inside = finding.scope == path or finding.scope.startswith(path.rstrip("/") + "/")
        return key == finding.key and bool(path) and inside
    if not finding.allow_permanent:
        return False
    return entry == finding.key or finding.key in _OLD_KEYS.get(entry, ())
