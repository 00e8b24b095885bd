"""Child agents of a turn. The session's side of `delegate_task`; see `ports.Delegation`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec import UNSET

from hermes_core.agent.delegation.asking_upwards import AskingUpwards
from hermes_core.agent.delegation.employer import Employer, child_prompt, child_tools, name_of
from hermes_core.agent.delegation.retelling import Retelling
from hermes_core.agent.delegation.worker import Report, Worker
from hermes_core.agent.sessions.errand import Errand
from hermes_core.agent.sessions.session_plan import SessionPlan
from hermes_core.errors import HermesError, ToolError
from hermes_core.events import AgentFinished, AgentSpawned, fit_text
from hermes_core.messages import Usage
from hermes_core.ports import CancelToken, ChildResult, ChildTokens, DelegatedTask
from hermes_core.providers.facts.pricing import Cost
from hermes_core.providers.model_ref import ModelRef
from hermes_core.providers.resolve import Resolution
from hermes_core.security.approvals import ApprovalPolicy
from hermes_core.storage.session_ids import new_session_id

PURPOSE = "delegation"
"""Tags in the parent's conversation what its children spend."""


class Children:
    """Runs them, and knows those that work now."""

    def __init__(self, employer: Employer) -> None:
        self._employer = employer
        self._working: dict[str, Worker] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._spent: tuple[Usage, list[Cost]] = (Usage(), [])

    async def run(
        self, tasks: Sequence[DelegatedTask], *, max_iterations: int, cancel: CancelToken
    ) -> list[ChildResult]:
        """See `ports.Delegation`."""
        resolution = self._resolution()
        jobs = [
            self._one(index, task, resolution, max_iterations, cancel)
            for index, task in enumerate(tasks)
        ]
        return list(await asyncio.gather(*jobs))

    def take_spent(self) -> tuple[Usage, list[Cost]]:
        """What children have spent since this was asked last."""
        spent, self._spent = self._spent, (Usage(), [])
        return spent

    def stop(self, child_id: str) -> bool:
        """Stop one of them; its parent goes on. False if it does not work now."""
        worker = self._working.get(child_id)
        if worker is not None:
            worker.stop()
        return worker is not None

    async def aclose(self) -> None:
        """Stop all and wait until their processes are gone."""
        for worker in self._working.values():
            worker.stop()
        await asyncio.gather(*self._closing)

    # --- one child -------------------------------------------------------------------------

    async def _one(
        self,
        index: int,
        task: DelegatedTask,
        resolution: Resolution,
        max_iterations: int,
        cancel: CancelToken,
    ) -> ChildResult:
        employer = self._employer
        ground = employer.ground
        started = ground.clock.monotonic()
        child_id = new_session_id(ground.clock.time())
        asker = AskingUpwards(employer.asker, child_id, name_of(task.goal))
        retelling = Retelling(employer.journal, child_id, purpose=PURPOSE)
        plan = self._plan(child_id, task, resolution, max_iterations, asker)
        worker = Worker(
            lambda: ground.own(plan),
            asker=asker,
            retelling=retelling,
            timeout_s=ground.loaded.settings.delegation.child_timeout_seconds,
        )
        self._working[child_id] = worker
        employer.journal.emit(
            AgentSpawned(
                child_id=child_id,
                goal=fit_text(task.goal.strip(), 2_000),
                toolsets=tuple(sorted({tool.toolset for tool in plan.tools})),
                model=resolution.runtime.model,
            )
        )
        unregister = cancel.on_set(worker.stop)
        report = Report(status="interrupted", exit_reason="interrupted")
        try:
            report = await worker.run(task.goal)
        finally:
            unregister()
            del self._working[child_id]
            self._finished(child_id, worker, retelling, report)
        trace = retelling.calls
        return ChildResult(
            task_index=index,
            status=report.status,
            summary=report.summary,
            api_calls=retelling.usage.requests,
            duration_seconds=round(ground.clock.monotonic() - started, 2),
            model=resolution.runtime.model,
            exit_reason=report.exit_reason,
            tokens=ChildTokens(
                input=retelling.usage.prompt_tokens, output=retelling.usage.output_tokens
            ),
            tool_trace=tuple(trace),
            error=report.error or UNSET,
        )

    def _finished(
        self, child_id: str, worker: Worker, retelling: Retelling, report: Report
    ) -> None:
        usage, costs = self._spent
        self._spent = (usage + retelling.usage, [*costs, *retelling.costs])
        self._employer.journal.emit(
            AgentFinished(
                child_id=child_id,
                status=report.status,
                summary=fit_text(report.words, 3_000),
                usage=retelling.usage,
            )
        )
        closing = asyncio.create_task(worker.closed(), name=f"close {child_id}")
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    def _plan(
        self,
        child_id: str,
        task: DelegatedTask,
        resolution: Resolution,
        max_iterations: int,
        asker: AskingUpwards,
    ) -> SessionPlan:
        employer = self._employer
        settings = employer.ground.loaded.settings
        tools, missing = child_tools(employer.plan.tools, task.toolsets, settings.custom_toolsets)
        prompt = child_prompt(
            goal=task.goal, context=task.context, cwd=employer.cwd(), missing=missing
        )
        policy = employer.policy
        if settings.delegation.subagent_auto_approve:
            policy = ApprovalPolicy(mode="off", allowlist=settings.command_allowlist)
        return employer.plan_with(
            child_id,
            source="delegate",
            resolution=resolution,
            tools=tools,
            errand=Errand(
                kind="subagent",
                parent_session_id=employer.plan.session_id,
                asks=asker,
                is_attended=employer.is_attended,
                policy=policy,
                budget=employer.budget,
                system_prompt=prompt,
                effort=settings.delegation.reasoning_effort or employer.conversation.effort,
                max_steps=max_iterations,
            ),
        )

    def _resolution(self) -> Resolution:
        """Who answers children: what the settings name, else who answers their parent now."""
        own, ground = self._employer.resolution(), self._employer.ground
        wanted = ground.loaded.settings.delegation
        if not (wanted.base_url or wanted.provider or wanted.model):
            return own
        ref = ModelRef(
            provider=wanted.provider or ("" if wanted.base_url else own.runtime.provider),
            model=wanted.model,
            base_url=wanted.base_url,
            api_key=wanted.api_key,
        )
        try:
            return ground.resolve_ref(ref)
        except HermesError as error:
            raise ToolError(
                f"The model set for child agents (delegation.*) cannot be used: {error} "
                f"{error.hint}".strip()
            ) from error
