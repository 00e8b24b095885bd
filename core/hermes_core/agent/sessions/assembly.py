"""Put one session together: history, prompt, tools, guard, model."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from hermes_core.agent.cancel import TurnCancel
from hermes_core.agent.compaction.compactor import Compactor
from hermes_core.agent.delegation.background import BackgroundWork
from hermes_core.agent.delegation.children import Children
from hermes_core.agent.delegation.employer import Employer
from hermes_core.agent.delegation.helpers import Helpers
from hermes_core.agent.references.attaching import Attaching, read_contexts
from hermes_core.agent.sessions import prompt as prompts
from hermes_core.agent.sessions import recovery
from hermes_core.agent.sessions.budget import Budget, no_limit
from hermes_core.agent.sessions.conversation import Conversation
from hermes_core.agent.sessions.inbox import Inbox
from hermes_core.agent.sessions.pending import Asker, Pending
from hermes_core.agent.sessions.permission_desk import NEVER_S, PermissionDesk
from hermes_core.agent.sessions.prefill import read_prefill
from hermes_core.agent.sessions.services import QUESTION_TIMEOUT_S, SessionQuestions, SessionTodos
from hermes_core.agent.sessions.session import Session
from hermes_core.agent.sessions.session_parts import SessionParts, Switched
from hermes_core.agent.sessions.session_plan import Ground, SessionPlan, new_id
from hermes_core.agent.sessions.session_route import SessionRoute
from hermes_core.agent.sessions.session_upkeep import SessionRollbacks, tool_families
from hermes_core.agent.sessions.token_allowance import TokenAllowance
from hermes_core.agent.sessions.window_gauge import WindowGauge
from hermes_core.agent.side.side_jobs import SideJobs
from hermes_core.agent.side.side_question import SideQuestions
from hermes_core.agent.stream.journal import Journal
from hermes_core.agent.turns.model_call import ModelCaller
from hermes_core.agent.turns.request_dumps import RequestDumps
from hermes_core.agent.turns.silence import WHOLE_REPLY, StallLimits
from hermes_core.agent.turns.simple_turn import SimpleLimits
from hermes_core.agent.turns.tool_runner import GRACE_S, HELPER_GRACE_S, ToolRunner, ToolServices
from hermes_core.agent.turns.turn_parts import TurnParts
from hermes_core.config.model_settings import SmartRoutingSettings
from hermes_core.errors import ConfigError, HermesError, SessionNotFound
from hermes_core.events import Notice, QuestionAsked, SessionOpened, SessionRuntimeChanged
from hermes_core.files import LocalFiles
from hermes_core.providers.address import is_local
from hermes_core.providers.resolve import Resolution
from hermes_core.security.injection import find_injection
from hermes_core.security.redaction import LineRedactor
from hermes_core.storage.recall import StoreRecall
from hermes_core.storage.records import SessionRecord
from hermes_core.tools.base import ToolContext
from hermes_core.tools.files.read_memory import ReadMemory
from hermes_core.tools.shell.process_table import ProcessTable
from hermes_core.tools.shell.sessions import TerminalSessions

_log = logging.getLogger(__name__)


class _Assembly:
    """The parts of one session while they are put together."""

    def __init__(self, ground: Ground, plan: SessionPlan) -> None:
        self.ground = ground
        self.plan = plan
        self.session: Session | None = None
        self.route: SessionRoute | None = None
        self._prompt_warnings: tuple[str, ...] = ()
        self._budget = no_limit()

    @property
    def live(self) -> Session:
        """The finished session; its parts call back only once it exists."""
        assert self.session is not None, "parts call back after the session was made"
        return self.session

    @property
    def _routed(self) -> SessionRoute:
        assert self.route is not None, "made before what asks for it"
        return self.route

    @property
    def _resolved(self) -> Resolution:
        return self._routed.resolution

    async def build(self, on_close: Callable[[], Awaitable[None]]) -> Session:
        """Make the session, write down that it is open, mend what a crash left."""
        ground, plan = self.ground, self.plan
        record, is_new = await self._record()
        resolution = plan.resolution or self._own_resolution(record)
        journal = Journal(
            plan.session_id,
            ground.store,
            clock=ground.clock,
            last_seq=0 if is_new else await ground.store.last_seq(plan.session_id),
        )
        self.route = self._made_route(resolution, journal)
        talk = await self._conversation(record, is_new=is_new)
        pending = Pending(plan.session_id, journal, ground.store, clock=ground.clock, new_id=new_id)
        errand = plan.errand
        asker: Asker = pending if errand is None else errand.asks
        desk = self._made_desk(asker)
        self._budget = self._made_budget(record, asker)
        if errand is None or errand.budget is None:
            journal.on_count = self._budget.counted
        services = tool_families(lambda: self.live, journal, ground.redactor)
        checkpoints = SessionRollbacks(
            ground.checkpoints,
            plan.session_id,
            journal,
            enabled=ground.loaded.settings.checkpoints.enabled,
        )
        read_memory: ReadMemory = services[ReadMemory]
        side_jobs = self._side_jobs(journal, talk, read_memory.forget_returned)
        self._prompt_warnings += side_jobs.warnings
        inbox = Inbox(journal, ground.home.spills / plan.session_id, new_id)
        shell: TerminalSessions = services[TerminalSessions]
        helpers = self._helpers(journal, talk, asker, desk, lambda: shell.cwd or plan.cwd)
        children = None if errand is not None and errand.kind == "subagent" else helpers.children
        runner = ToolRunner(
            journal,
            self._tool_services(talk, journal, asker, desk, checkpoints, services, children),
        )

        gauge = WindowGauge(
            journal,
            talk,
            plan.tools,
            counter=ground.counter,
            limits=lambda: side_jobs.compactor.limits,
        )

        async def close() -> None:
            for service in services.values():
                if hasattr(service, "aclose"):
                    await service.aclose()
            if not talk.messages:
                await ground.store.forget_empty(plan.session_id)
            self._routed.release()
            await on_close()

        self.session = Session(
            SessionParts(
                session_id=plan.session_id,
                store=ground.store,
                journal=journal,
                conversation=talk,
                inbox=inbox,
                pending=pending,
                turn_parts=self._turn_parts(
                    journal,
                    runner,
                    side_jobs.compactor,
                    checkpoints,
                    self._attaching(talk, desk, shell),
                    helpers.children,
                ),
                approvals=desk,
                rollbacks=checkpoints,
                switch_runtime=self._switch,
                keep_runtime=ground.keep_runtime,
                busy_mode=ground.loaded.settings.display.busy_input_mode,
                interactive=plan.interactive,
                budget=self._budget,
                gauge=gauge,
                on_rewind=read_memory.forget_returned,
                titles=side_jobs.titles if self._wants_titles else None,
                # whoever waits for an errand holds a place already
                turn_gate=ground.turn_gate if errand is None else None,
                helpers=helpers,
                stop_beside=services[ProcessTable].kill_by_id,
                on_close=close,
            )
        )
        if is_new:
            await self._announce(journal, talk)
        else:
            await self._resume(journal, talk, inbox, record)
            gauge.tell()
        return self.session

    # --- the record and the history ----------------------------------------------------

    async def _record(self) -> tuple[SessionRecord, bool]:
        plan = self.plan
        try:
            return await self.ground.store.session(plan.session_id), False
        except SessionNotFound:
            return SessionRecord(id=plan.session_id, source=plan.source, cwd=str(plan.cwd)), True

    # --- parts that need no other part -------------------------------------------------

    def _made_route(self, resolution: Resolution, journal: Journal) -> SessionRoute:
        ground, is_errand = self.ground, self.plan.errand is not None
        return SessionRoute(
            resolution,
            pools=ground.pools,
            fallbacks=ground.fallbacks(),
            cheap=None if is_errand else ground.cheap(),
            open_model=ground.model,
            journal=journal,
            leases=is_errand,
        )

    def _made_desk(self, asker: Asker) -> PermissionDesk:
        ground, plan = self.ground, self.plan
        return PermissionDesk(
            home=ground.home,
            loaded=ground.loaded,
            environ=ground.environ,
            cwd=plan.cwd,
            yolo=plan.yolo,
            redactor=ground.redactor,
            save_allowlist=ground.save_allowlist,
            pending=asker,
            is_attended=self._is_attended,
            cancel=lambda: self.live.cancel,
            policy=None if plan.errand is None else plan.errand.policy,
        )

    def _is_attended(self) -> bool:
        errand = self.plan.errand
        return self.live.is_attended if errand is None else errand.is_attended()

    def _made_budget(self, record: SessionRecord, asker: Asker) -> Budget:
        """What this conversation may cost; an agent that works for another shares its budget."""
        errand, limits = self.plan.errand, self.ground.loaded.settings.agent
        limit = limits.max_cost_usd
        if errand is not None and errand.budget is not None:
            return errand.budget

        async def ask(question: str, choices: tuple[str, ...], cancel: TurnCancel) -> str | None:
            if not self._is_attended():
                return None
            asked = QuestionAsked(request_id="", kind="choice", question=question, choices=choices)
            return await asker.question(asked, timeout_s=QUESTION_TIMEOUT_S, cancel=cancel)

        return Budget(
            None if limit is None else Decimal(str(limit)),
            price=self.ground.price,
            ask=ask,
            spent=Decimal(str(record.estimated_cost_usd or 0)),
            is_known=record.cost_status != "unknown",
            tokens=TokenAllowance(limits.max_total_tokens, used=_used_tokens(record)),
        )

    def _helpers(
        self,
        journal: Journal,
        talk: Conversation,
        asker: Asker,
        desk: PermissionDesk,
        cwd: Callable[[], Path],
    ) -> Helpers:
        ground = self.ground
        employer = Employer(
            ground=ground,
            plan=self.plan,
            journal=journal,
            conversation=talk,
            resolution=lambda: self._resolved,
            asker=asker,
            is_attended=self._is_attended,
            policy=desk.policy,
            cwd=cwd,
            budget=self._budget,
        )
        side = SideQuestions(
            journal,
            talk,
            clock=ground.clock,
            resolution=lambda: self._resolved,
            open_model=ground.model,
            estimate=ground.counter.estimate,
            price=ground.price,
            budget=self._budget,
        )
        return Helpers(Children(employer), BackgroundWork(employer, side))

    def _own_resolution(self, record: SessionRecord) -> Resolution:
        """The model this conversation was last held with, else the default."""
        if record.model and record.billing_provider:
            try:
                return self.ground.resolve(record.model, record.billing_provider)
            except HermesError as error:
                _log.info("the model of session %s is gone: %s", record.id, error)
        return self.ground.resolve("", "")

    async def _conversation(self, record: SessionRecord, *, is_new: bool) -> Conversation:
        errand, agent = self.plan.errand, self.ground.loaded.settings.agent
        messages = [] if is_new else await self.ground.store.messages(self.plan.session_id)
        talk = Conversation(
            runtime=self._resolved.runtime,
            system=record.system_prompt or "",
            messages=messages,
            contexts=await asyncio.to_thread(read_contexts, messages),
            effort=errand.effort if errand else agent.reasoning_effort,
            service_tier=agent.service_tier,
            overlay="" if errand is not None and errand.kind == "subagent" else agent.system_prompt,
        )
        if not talk.system:
            built = await asyncio.to_thread(self._prompt)
            talk.system = built.text
            self._prompt_warnings = built.warnings
        try:
            talk.prefill = await asyncio.to_thread(
                read_prefill, agent.prefill_messages_file, self.ground.home.root
            )
        except ConfigError as error:
            self._prompt_warnings += (f"{error} {error.hint}",)
        return talk

    def _prompt(self) -> prompts.Prompt:
        errand = self.plan.errand
        if errand is not None and errand.system_prompt:
            return prompts.Prompt(errand.system_prompt)
        settings, now = self.ground.loaded.settings, self.ground.clock.time()
        zone, wrong = None, ""
        try:
            zone = prompts.zone_of(settings.timezone)
        except ConfigError as error:
            wrong = str(error)
        facts = prompts.PromptFacts(
            home=self.ground.home,
            cwd=self.plan.cwd,
            tool_names=tuple(self.plan.tools.names()),
            model=self._resolved.runtime.model,
            provider=self._resolved.runtime.provider,
            source=self.plan.platform,
            system_message=self.plan.system_message,
            enforcement=settings.agent.tool_use_enforcement,
            today=dt.datetime.fromtimestamp(now, dt.UTC).astimezone(zone).date(),
            timezone=settings.timezone.strip() if zone else "",
        )
        built = prompts.build_prompt(facts, scan=find_injection)
        return replace(built, warnings=(*built.warnings, wrong)) if wrong else built

    async def _announce(self, journal: Journal, talk: Conversation) -> None:
        runtime, errand = talk.runtime, self.plan.errand
        await self.ground.store.create_session(
            SessionRecord(
                id=self.plan.session_id,
                source=self.plan.source,
                kind=errand.kind if errand is not None else "root",
                parent_session_id=errand.parent_session_id if errand is not None else None,
                model=runtime.model,
                billing_provider=runtime.provider,
                billing_base_url=runtime.base_url,
                system_prompt=talk.system,
                cwd=str(self.plan.cwd),
            )
        )
        journal.emit(
            SessionOpened(
                runtime=runtime,
                tools=tuple(self.plan.tools.names()),
                prompt_hash=prompts.prompt_hash(talk.system),
                cwd=str(self.plan.cwd),
            )
        )
        self._warn(journal)
        await journal.flush()

    def _warn(self, journal: Journal) -> None:
        for text in (*self.plan.warnings, *self._prompt_warnings):
            journal.emit(Notice(level="warn", code="session_warning", text=text))

    async def _resume(
        self, journal: Journal, talk: Conversation, inbox: Inbox, record: SessionRecord
    ) -> None:
        store, session_id = self.ground.store, self.plan.session_id
        remains = await recovery.read_remains(store, session_id, last_seq=journal.last_seq)
        now = self.ground.clock.time()
        for message in recovery.missing_results(talk.messages, remains, timestamp=now):
            talk.messages.append(message)
            journal.record(message)
        for event in recovery.closing_events(remains.open):
            journal.emit(event)
        for request_id, _ in await store.open_questions(session_id):
            await store.resolve_question(request_id, b'{"by": "owner lost"}')
        talk.todos = remains.todos
        journal.patch(ended_at=None, end_reason=None, system_prompt=talk.system)
        if (record.model, record.billing_provider) != (
            talk.runtime.model,
            talk.runtime.provider,
        ):
            journal.patch(model=talk.runtime.model, billing_provider=talk.runtime.provider)
            journal.emit(SessionRuntimeChanged(runtime=talk.runtime, cause="user"))
        waiting = inbox.restore(remains.waiting.values())
        if waiting:
            text = f"{waiting} message(s) had not been delivered when hermes stopped; queued again."
            journal.emit(Notice(level="warn", code="inputs_restored", text=text))
        self._warn(journal)
        await journal.flush()

    # --- the turn's parts --------------------------------------------------------------

    def _switch(self, model: str, provider: str) -> Switched:
        wish = self.ground.meant(model, provider, self._routed.primary.runtime)
        resolution = self.ground.resolve(wish.model, wish.provider)
        self.ground.model(resolution)  # a client that cannot be made leaves the old one at work
        self._routed.switch(resolution)
        facts = self.ground.describe(resolution.runtime)
        return Switched(resolution.runtime, " ".join((*wish.notes, facts)))

    def _stall(self) -> StallLimits:
        """What is written down for the model that is asked; local servers may think long."""
        resolved = self._routed.resolution
        written, runtime = resolved.timeouts.stale_s, resolved.runtime
        is_whole = not self._routed.model.streams
        if is_whole:
            written = self.ground.loaded.settings.requests.call_stale_timeout or written
        if written:
            return StallLimits(written, written, written)
        if runtime.api_mode == "local" or is_local(runtime.base_url):
            return StallLimits(silent_s=0)
        return WHOLE_REPLY if is_whole else StallLimits()

    def _side_jobs(
        self, journal: Journal, talk: Conversation, forget_results: Callable[[], None]
    ) -> SideJobs:
        ground = self.ground

        async def rebuild() -> str:
            return (await asyncio.to_thread(self._prompt)).text

        return SideJobs(
            journal=journal,
            conversation=talk,
            store=ground.store,
            loaded=ground.loaded,
            counter=ground.counter,
            clock=ground.clock,
            main=lambda: self._resolved,
            open_model=ground.model,
            stored=ground.pools,
            rebuild_prompt=rebuild,
            forget_results=forget_results,
            new_id=new_id,
            price=ground.price,
            budget=self._budget,
        )

    @property
    def _wants_titles(self) -> bool:
        """Titles are for people at a screen, and nobody asks for them."""
        return self.plan.interactive and self.ground.environ.get("HERMES_OFFLINE", "") in ("", "0")

    def _turn_parts(
        self,
        journal: Journal,
        runner: ToolRunner,
        compactor: Compactor,
        checkpoints: SessionRollbacks,
        attaching: Attaching,
        children: Children,
    ) -> TurnParts:
        ground, settings = self.ground, self.ground.loaded.settings
        errand = self.plan.errand
        caller = ModelCaller(
            journal,
            clock=ground.clock,
            stall=self._stall,
            new_id=new_id,
            price=ground.price,
            budget=self._budget,
            reconnects=settings.requests.stream_retries,
            dumps=RequestDumps(
                ground.home.request_dumps,
                self.plan.session_id,
                clock=ground.clock,
                redact=ground.redactor.redact,
                every=settings.requests.dump,
            ),
        )

        return TurnParts(
            journal=journal,
            caller=caller,
            runner=runner,
            compactor=compactor,
            route=self._routed,
            tools=self.plan.tools,
            clock=ground.clock,
            new_id=new_id,
            estimate=ground.counter.estimate,
            calibrate=ground.counter.learn,
            attaching=attaching,
            simple=None if errand is not None else _simple_limits(settings.smart_model_routing),
            max_steps=(errand and errand.max_steps) or settings.agent.max_turns,
            max_output_tokens=settings.model.max_tokens,
            on_step=checkpoints.new_step,
            session_id=self.plan.session_id,
            take_spent=children.take_spent,
        )

    def _attaching(
        self, talk: Conversation, desk: PermissionDesk, shell: TerminalSessions
    ) -> Attaching:
        return Attaching(
            conversation=talk,
            permissions=lambda: desk.for_call("references"),
            cwd=lambda: shell.cwd or self.plan.cwd,
            folder=self.ground.home.spills / self.plan.session_id,
            redact=self.ground.redactor.redact,
        )

    def _tool_services(
        self,
        talk: Conversation,
        journal: Journal,
        asker: Asker,
        desk: PermissionDesk,
        checkpoints: SessionRollbacks,
        services: Mapping[type[Any], Any],
        children: Children | None,
    ) -> ToolServices:
        ground, plan = self.ground, self.plan
        todos = SessionTodos(talk, journal)
        shell: TerminalSessions = services[TerminalSessions]
        recall = StoreRecall(ground.store)
        files = LocalFiles()

        def make_context(
            call_id: str, cancel: TurnCancel, output: Callable[[str, str], None]
        ) -> ToolContext:
            return ToolContext(
                session_id=plan.session_id,
                turn_id=journal.turn_id or "",
                call_id=call_id,
                cwd=shell.cwd or plan.cwd,
                home=ground.home,
                settings=ground.loaded.settings,
                cancel=cancel,
                permissions=desk.for_call(call_id),
                files=files,
                checkpoints=checkpoints.port,
                questions=SessionQuestions(
                    asker,
                    cancel=cancel,
                    is_attended=self._is_attended,
                    call_id=call_id,
                    timeout_s=ground.loaded.settings.clarify.timeout or NEVER_S,
                ),
                todos=todos,
                recall=recall,
                delegation=children,
                environ=ground.environ,
                output=output,
                services=services,
            )

        return ToolServices(
            make_context=make_context,
            redact=ground.redactor.redact,
            line_redactor=lambda: LineRedactor(ground.redactor),
            spill_folder=ground.home.spills / plan.session_id,
            cwd=lambda: shell.cwd or plan.cwd,
            clock=ground.clock,
            on_tool=services[ReadMemory].note_tool,
            waited_s=asker.waited_s,
            strays=lambda: ground.workers.strays,
            at_once=ground.loaded.settings.tools.max_parallel,
            grace_s=GRACE_S if plan.errand is None else HELPER_GRACE_S,
        )


async def build_session(
    ground: Ground, plan: SessionPlan, *, on_close: Callable[[], Awaitable[None]]
) -> Session:
    """Build a session this process owns.

    Raises:
        NoModelConfigured: Nothing can answer.
        StoreError: The record cannot be read or written.
    """
    return await _Assembly(ground, plan).build(on_close)


def _used_tokens(record: SessionRecord) -> int:
    cached = record.cache_read_tokens + record.cache_write_tokens
    return record.input_tokens + cached + record.output_tokens


def _simple_limits(wanted: SmartRoutingSettings) -> SimpleLimits | None:
    if not wanted.enabled:
        return None
    return SimpleLimits(max_chars=wanted.max_simple_chars, max_words=wanted.max_simple_words)
