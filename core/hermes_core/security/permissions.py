"""The session's guard as tools see it: one object that lets through, asks, or refuses.

Implements `ports.Permissions`. It owns no timeouts and no screens: the session passes
in how a person is asked, and answers with a decision.

Source: terminal-security, "Scopes", "Surfaces", "Path safety".
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct, field

from hermes_core.errors import ToolBlocked
from hermes_core.events import ApprovalFinding, FileDiff
from hermes_core.security.approvals import ApprovalPolicy, Choice, Decision
from hermes_core.security.environment import child_environment
from hermes_core.security.guard import UserRules, Verdict, inspect
from hermes_core.security.paths import PathRules
from hermes_core.security.redaction import Redactor
from hermes_core.security.rules import Finding

Unattended = Literal["deny", "approve", "allowlist"]
"""What happens with a question when nobody is there: `allowlist` runs what was granted
and refuses the rest, as `deny` does; `approve` runs it, the floor excepted."""


class ApprovalQuestion(Struct, frozen=True, kw_only=True):
    """What the person is shown; the fields of the event `approval.requested`."""

    action: Literal["run", "write"]
    subject: str
    """Command or path, secrets masked."""
    cwd: str
    backend: str = "local"
    findings: tuple[ApprovalFinding, ...]
    options: tuple[str, ...]
    always_pattern: str = ""
    diff: FileDiff | None = None
    shown_hash: str
    note: str = ""


class ApprovalAnswer(Struct, frozen=True, kw_only=True):
    """How a question ended."""

    decision: Choice
    reason: str = ""
    by: str = ""
    whole_family: bool = False


Ask = Callable[[ApprovalQuestion], Awaitable[ApprovalAnswer]]


class Surroundings(Struct, frozen=True, kw_only=True):
    """What a session knows about the machine."""

    cwd: Path
    home: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    """The process environment as it was at start."""
    own_names: frozenset[str] = frozenset()
    """Variables loaded from our `.env` or login store."""
    passthrough: frozenset[str] = frozenset()
    """`terminal.env_passthrough` and what loaded skills need."""


def shown_hash(*parts: str) -> str:
    """Return the first 16 hex digits of the SHA-256 of what is shown."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


class SessionPermissions:
    """The guard of one session.

    Args:
        policy: Mode, grants and allowlist.
        paths: Path rules.
        surroundings: Folder, home and environment.
        ask: Puts a question to the person; None if nobody is present.
        unattended: `approvals.noninteractive_mode` (`cron_mode` for jobs).
        rules: The user's own globs.
        redactor: Masks what is shown.
    """

    def __init__(
        self,
        *,
        policy: ApprovalPolicy,
        paths: PathRules,
        surroundings: Surroundings,
        ask: Ask | None = None,
        unattended: Unattended = "deny",
        rules: UserRules | None = None,
        redactor: Redactor | None = None,
    ) -> None:
        self.policy = policy
        self._paths = paths
        self._here = surroundings
        self._ask = ask
        self._unattended = unattended
        self._rules = rules or UserRules()
        self._redactor = redactor or Redactor()

    async def command(self, command: str, *, cwd: Path, backend: str = "local") -> str:
        """Let a shell command through, ask, or refuse; see `ports.Permissions`."""
        known = {n: v for n, v in self._here.environ.items() if n in ("HERMES_HOME", "TMPDIR")}
        known.setdefault("HERMES_HOME", self._paths.places.data_home)
        verdict = inspect(command, cwd=cwd, home=self._here.home, env=known, rules=self._rules)
        decision = self.policy.decide(verdict)
        match decision.action:
            case "allow":
                return decision.word
            case "block":
                raise ToolBlocked(self._redactor.redact(decision.text))
            case "ask":
                return await self._ask_command(command, verdict, decision, cwd, backend)

    async def _ask_command(
        self, command: str, verdict: Verdict, decision: Decision, cwd: Path, backend: str
    ) -> str:
        if self._ask is None:
            if self._unattended == "approve" and not verdict.forced:
                return "allowed"
            raise ToolBlocked(_refusal(decision.findings, "nobody is present to agree"))
        subject = self._redactor.redact(command)
        question = ApprovalQuestion(
            action="run",
            subject=subject,
            cwd=str(cwd),
            backend=backend,
            findings=tuple(self._shown(finding) for finding in decision.findings),
            options=decision.options,
            always_pattern=self._redactor.redact(decision.always_pattern),
            shown_hash=shown_hash("run", subject, str(cwd), backend),
            note=decision.note,
        )
        answer = await self._ask(question)
        word = await self.policy.record(
            answer.decision, verdict, decision, whole_family=answer.whole_family
        )
        if word == "denied":
            raise _denied(answer, decision.findings)
        return word

    def readable(self, path: Path) -> Path:
        """Return the resolved path; see `ports.Permissions`."""
        return self._paths.readable(self._absolute(path))

    async def writable(self, path: Path, *, diff: FileDiff | None = None) -> Path:
        """Return the resolved path, asking where the rules say so; see `ports.Permissions`."""
        ruling = self._paths.writable(self._absolute(path))
        if not ruling.ask or self.policy.mode == "off":
            return ruling.path
        finding = Finding("protected file", ruling.ask, str(path), scope=str(ruling.path))
        verdict = Verdict("ask", (finding,), f"write {ruling.path}")
        decision = self.policy.decide(verdict)
        if decision.action == "allow":
            return ruling.path
        if self._ask is None:
            if self._unattended == "approve":
                return ruling.path
            raise ToolBlocked(_refusal((finding,), "nobody is present to agree"))
        subject = str(ruling.path)
        answer = await self._ask(
            ApprovalQuestion(
                action="write",
                subject=subject,
                cwd=str(self._here.cwd),
                findings=(self._shown(finding),),
                options=decision.options,
                always_pattern=f"writing {subject}",
                diff=diff,
                shown_hash=shown_hash("write", subject, diff.unified if diff else ""),
            )
        )
        if await self.policy.record(answer.decision, verdict, decision) == "denied":
            raise _denied(answer, (finding,))
        return ruling.path

    def child_environment(self) -> dict[str, str]:
        """The environment for shell commands, without our secrets."""
        return child_environment(
            self._here.environ,
            passthrough=self._here.passthrough,
            own_names=self._here.own_names,
        )

    def _absolute(self, path: Path) -> Path:
        return path if path.is_absolute() else self._here.cwd / path

    def _shown(self, finding: Finding) -> ApprovalFinding:
        return ApprovalFinding(
            key=finding.key,
            explanation=self._redactor.redact(finding.explanation),
            fragment=self._redactor.redact(finding.fragment),
        )


def _refusal(findings: tuple[Finding, ...], why: str) -> str:
    reasons = "; ".join(finding.explanation for finding in findings)
    return f"BLOCKED: {reasons}, and {why}. Do not retry this or work around it."


def _denied(answer: ApprovalAnswer, findings: tuple[Finding, ...]) -> ToolBlocked:
    why = {
        "timeout": "nobody answered in time",
        "cancelled": "the question was cancelled",
    }.get(answer.decision, "the user said no")
    words = f" They say: {answer.reason}" if answer.reason else ""
    return ToolBlocked(_refusal(findings, why) + words, denied=True)
