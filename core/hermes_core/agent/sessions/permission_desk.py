"""The session's guard at work: one policy, asked call by call, decided by whoever is present."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from hermes_core.agent.cancel import TurnCancel
from hermes_core.agent.sessions.pending import Asker
from hermes_core.config.loader import LoadedSettings
from hermes_core.events import ApprovalRequested
from hermes_core.paths import Home
from hermes_core.security.approvals import (
    SMART_UNAVAILABLE,
    ApprovalPolicy,
    Grant,
    is_yes,
    parse_mode,
)
from hermes_core.security.guard import UserRules
from hermes_core.security.paths import PathRules
from hermes_core.security.permissions import (
    ApprovalAnswer,
    ApprovalQuestion,
    SessionPermissions,
    Surroundings,
)
from hermes_core.security.redaction import Redactor

NEVER_S = 10 * 365 * 86_400.0
"""`approvals.timeout: 0` waits for ever; this is long enough."""

_MODE_TEXTS = {
    "manual": "Approvals: manual. Every risky command is asked.",
    "smart": f"Approvals: smart. {SMART_UNAVAILABLE}",
    "off": "Approvals: off (yolo). Risky commands run unasked; the hard floor still holds.",
}


class PermissionDesk:
    """Makes the permissions of each call and keeps what was granted.

    Args:
        home: For the path rules.
        loaded: Settings and their origins.
        environ: The process environment as it was at start.
        cwd: The session's working folder.
        yolo: Asked for on the command line.
        redactor: Masks what is shown.
        save_allowlist: Stores `command_allowlist`.
        pending: Where questions wait.
        is_attended: Whether somebody can answer.
        cancel: The running turn's token.
        policy: Shared with another conversation; None makes one of its own.
    """

    def __init__(
        self,
        *,
        home: Home,
        loaded: LoadedSettings,
        environ: Mapping[str, str],
        cwd: Path,
        yolo: bool,
        redactor: Redactor,
        save_allowlist: Callable[[list[str]], Awaitable[None]],
        pending: Asker,
        is_attended: Callable[[], bool],
        cancel: Callable[[], TurnCancel],
        policy: ApprovalPolicy | None = None,
    ) -> None:
        settings = loaded.settings
        mode, _ = parse_mode(settings.approvals.mode)
        if yolo or is_yes(environ.get("HERMES_YOLO_MODE")):
            mode = "off"
        self.policy = policy or ApprovalPolicy(
            mode=mode,
            allowlist=settings.command_allowlist,
            save=save_allowlist,
            allow_permanent=settings.approvals.allow_permanent,
        )
        self._settings = settings
        self._pending = pending
        self._is_attended = is_attended
        self._cancel = cancel
        self._redactor = redactor
        user_home = Path(environ.get("HOME") or Path.home())
        safe_root = settings.security.write_safe_root
        self._paths = PathRules(
            home=user_home,
            data_home=home.root,
            safe_root=Path(safe_root) if safe_root else None,
        )
        self._surroundings = Surroundings(
            cwd=cwd,
            home=user_home,
            environ=environ,
            own_names=frozenset(loaded.env.values),
            passthrough=frozenset(settings.terminal.env_passthrough),
        )
        self._rules = UserRules(deny=settings.approvals.deny, ask=settings.approvals.ask)

    def for_call(self, call_id: str) -> SessionPermissions:
        """Return the permissions of one call; it asks only if somebody is there."""

        async def ask(question: ApprovalQuestion) -> ApprovalAnswer:
            return await self._ask(question, call_id)

        return SessionPermissions(
            policy=self.policy,
            paths=self._paths,
            surroundings=self._surroundings,
            ask=ask if self._is_attended() else None,
            unattended=self._settings.approvals.noninteractive_mode,
            rules=self._rules,
            redactor=self._redactor,
        )

    async def _ask(self, question: ApprovalQuestion, call_id: str) -> ApprovalAnswer:
        resolved = await self._pending.approval(
            ApprovalRequested(
                request_id="",
                call_id=call_id,
                tool="terminal" if question.action == "run" else "file",
                action=question.action,
                subject=question.subject[:3_000],
                cwd=question.cwd,
                backend=question.backend,
                findings=question.findings[:8],
                options=question.options,
                always_pattern=question.always_pattern[:500],
                diff=question.diff,
                shown_hash=question.shown_hash,
            ),
            timeout_s=self._settings.approvals.timeout or NEVER_S,
            cancel=self._cancel(),
        )
        return ApprovalAnswer(decision=resolved.decision, reason=resolved.reason, by=resolved.by)

    # --- commands of the session -----------------------------------------------------------

    def set_mode(self, mode: str) -> str:
        """Switch the mode of this session; returns what now holds, in words."""
        self.policy.mode, _ = parse_mode(mode)
        return _MODE_TEXTS[self.policy.mode]

    async def revoke(self, key: str) -> bool:
        """Take a grant back, by its entry or its number; False if there is none."""
        for grant in self.policy.grants():
            if key in (grant.entry, str(grant.number)):
                return await self.policy.revoke(grant.number) is not None
        return False

    def grants(self) -> tuple[Grant, ...]:
        """What was allowed for longer than once."""
        return self.policy.grants()
