"""A session around a scripted model, a real store and a few small tools."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from hermes_core.agent.cancel import TurnCancel
from hermes_core.agent.compaction.compactor import Compactor, CompactorParts
from hermes_core.agent.sessions.conversation import Conversation
from hermes_core.agent.sessions.inbox import Inbox
from hermes_core.agent.sessions.pending import Pending
from hermes_core.agent.sessions.services import SessionQuestions, SessionTodos
from hermes_core.agent.sessions.session import Session
from hermes_core.agent.sessions.session_parts import SessionParts, Switched
from hermes_core.agent.sessions.window_gauge import WindowGauge
from hermes_core.agent.side.auxiliary import Auxiliary, Route
from hermes_core.agent.side.titles import Titles
from hermes_core.agent.stream.journal import Journal
from hermes_core.agent.turns.model_call import ModelCaller
from hermes_core.agent.turns.route import ModelRoute
from hermes_core.agent.turns.silence import StallLimits
from hermes_core.agent.turns.simple_turn import SimpleLimits
from hermes_core.agent.turns.tool_runner import ToolRunner, ToolServices
from hermes_core.agent.turns.turn_parts import TurnParts
from hermes_core.commands import CoreCommand, Reply, Submit
from hermes_core.config.agent_settings import CompressionSettings
from hermes_core.config.schema import Settings
from hermes_core.events import CoreEvent, InputMode, TurnFinished
from hermes_core.files import LocalFiles
from hermes_core.messages import Message, Runtime
from hermes_core.paths import Home
from hermes_core.providers.facts.pricing import Price, unpriced
from hermes_core.providers.facts.tokens import TokenCounter, estimate_message
from hermes_core.security.approvals import Grant
from hermes_core.security.redaction import LineRedactor, Redactor
from hermes_core.storage.records import SessionRecord
from hermes_core.storage.store import Store
from hermes_core.tools.base import Tool, ToolContext, ToolResult
from hermes_core.tools.registry import AnyTool, Registry
from tests.fakes.clock import FakeClock
from tests.fakes.scripted_provider import ScriptedProvider
from tests.fakes.single_route import SingleRoute
from tests.fakes.tool_context import FakeCheckpoints, FakePermissions, FakeRecall
from tests.support import until

SETTINGS = Settings()
"""Made once: the first one builds the whole schema, which takes a tenth of a second."""
SESSION = "20261122_101500_0a1b2c3d"
RUNTIME = Runtime(model="scripted", provider="custom", window_tokens=128_000)


class TextArgs(msgspec.Struct, frozen=True):
    text: str = ""
    count: int = 1


class Echo(Tool[TextArgs]):
    """Returns its text; a pure reader that may overlap."""

    name, toolset, parallel, has_effects = "echo", "test", "safe", False
    args_type = TextArgs

    def description(self) -> str:
        return "Return the text."

    def preview(self, args: TextArgs) -> str:
        return args.text

    async def run(self, args: TextArgs, ctx: ToolContext) -> ToolResult:
        return ToolResult(data={"text": args.text * args.count}, summary="1 line")


class FakeTool(Echo):
    """A tool whose work is a function of the test."""

    def __init__(
        self,
        name: str,
        work: Callable[[TextArgs, ToolContext], Any],
        *,
        parallel: str = "never",
        interactive: bool = False,
    ) -> None:
        self.name = name  # type: ignore[misc]  # class data elsewhere, one class for all here
        self.parallel = parallel  # type: ignore[misc,assignment]
        self.interactive = interactive  # type: ignore[misc]
        self._work = work

    async def run(self, args: TextArgs, ctx: ToolContext) -> ToolResult:
        result = self._work(args, ctx)
        if asyncio.iscoroutine(result):
            result = await result
        return result if isinstance(result, ToolResult) else ToolResult(data={"result": result})


class FakeApprovals:
    """An approval control that remembers its mode."""

    mode = "manual"

    def set_mode(self, mode: str) -> str:
        self.mode = mode
        return f"Approvals: {mode}."

    async def revoke(self, key: str) -> bool:
        return key == "known"

    def grants(self) -> tuple[Grant, ...]:
        return ()


class FakeRollbacks:
    """Checkpoints that restore a written list of files."""

    def __init__(self) -> None:
        self.restored: list[tuple[str, str | None]] = []
        self.turns: dict[str, str] = {}

    async def turn_of(self, checkpoint_id: str) -> str:
        return self.turns.get(checkpoint_id, "")

    async def restore(self, checkpoint_id: str, *, path: str | None = None) -> list[str]:
        self.restored.append((checkpoint_id, path))
        return ["a.py"]

    def new_step(self) -> None:
        return None


class Rig:
    """The session and everything a test wants to look at."""

    def __init__(self, session: Session, provider: ScriptedProvider, store: Store) -> None:
        self.session = session
        self.provider = provider
        self.store = store
        self.clock: FakeClock = FakeClock()
        self.began_at = 0
        """The last event of what was said before."""
        self.events: list[CoreEvent] = []
        self._reader: asyncio.Task[None] | None = None

    def listen(self) -> None:
        async def read() -> None:
            async for event in self.session.events():
                self.events.append(event)

        self._reader = asyncio.create_task(read())

    async def stop(self) -> None:
        await self.session.close("test over")
        if self._reader is not None:
            await self._reader

    async def send(self, command: CoreCommand) -> Reply:
        return await self.session.send(command)

    async def turn(self, text: str = "hello") -> TurnFinished:
        """Submit a text and return how its turn ended, everything committed."""
        before = len(self.finishes)
        reply = await self.send(Submit(text=text))
        assert reply.ok, reply
        await self.session.wait_idle()
        await self.settle()
        assert len(self.finishes) > before
        return self.finishes[-1]

    async def settle(self) -> None:
        """Wait until the listener has everything that was published."""
        last = self.session._journal.last_seq
        await until(lambda: self._last_seq() >= last)

    def _last_seq(self) -> int:
        return max((e.seq for e in self.events if isinstance(e.seq, int)), default=0)

    @property
    def finishes(self) -> list[TurnFinished]:
        return [e for e in self.events if isinstance(e, TurnFinished)]

    def of(self, *kinds: type) -> list[Any]:
        """The events of some kinds, in order."""
        return [e for e in self.events if isinstance(e, kinds)]

    async def messages(self) -> list[Message]:
        return await self.store.messages(self.session.session_id)


@asynccontextmanager
async def rig(
    home: Home,
    provider: ScriptedProvider,
    *,
    tools: Sequence[AnyTool] = (),
    max_steps: int = 10,
    busy_mode: InputMode = "steer",
    clock: FakeClock | None = None,
    stall: StallLimits | None = None,
    interactive: bool = True,
    runtime: Runtime = RUNTIME,
    estimate: Callable[[Any], int] = lambda request: 100,
    listen: bool = True,
    strays: Callable[[], int] = lambda: 0,
    store: Store | None = None,
    session_id: str = SESSION,
    inbox_type: type[Inbox] = Inbox,
    compression: CompressionSettings | None = None,
    side_model: ScriptedProvider | None = None,
    titles: bool = False,
    price: Price = unpriced,
    route: Callable[[Journal], ModelRoute] | None = None,
    simple: SimpleLimits | None = None,
    max_output_tokens: int | None = None,
    at_once: int = 8,
) -> AsyncIterator[Rig]:
    """Open a session on the scripted model and close it afterwards."""
    clock = clock or FakeClock()
    own_store = store is None
    store = store or await Store.open(home)
    await store.create_session(SessionRecord(id=session_id, source="cli"))
    numbers = itertools.count(1)

    def new_id() -> str:
        return f"id{next(numbers)}"

    journal = Journal(session_id, store, clock=clock, last_seq=await store.last_seq(session_id))
    talk = Conversation(
        runtime=runtime, system="You are a test.", messages=await store.messages(session_id)
    )
    pending = Pending(session_id, journal, store, clock=clock, new_id=new_id)
    redactor = Redactor()
    holder: list[Session] = []

    def make_context(
        call_id: str, cancel: TurnCancel, output: Callable[[str, str], None]
    ) -> ToolContext:
        return ToolContext(
            session_id=session_id,
            turn_id="turn",
            call_id=call_id,
            cwd=Path.cwd(),
            home=home,
            settings=SETTINGS,
            cancel=cancel,
            permissions=FakePermissions(),
            files=LocalFiles(),
            checkpoints=FakeCheckpoints(),
            questions=SessionQuestions(
                pending,
                cancel=cancel,
                is_attended=lambda: holder[0].is_attended,
                call_id=call_id,
            ),
            todos=SessionTodos(talk, journal),
            recall=FakeRecall(),
            output=output,
        )

    services = ToolServices(
        make_context=make_context,
        redact=redactor.redact,
        line_redactor=lambda: LineRedactor(redactor),
        spill_folder=home.spills / session_id,
        cwd=Path.cwd,
        clock=clock,
        waited_s=pending.waited_s,
        strays=strays,
        at_once=at_once,
    )
    auxiliary = Auxiliary(
        journal,
        clock=clock,
        routes=lambda task: [
            Route(open_model=lambda: side_model or provider, runtime=talk.runtime, timeout_s=5.0)
        ],
        estimate=estimate,
    )

    async def rebuild_prompt() -> str:
        return "You are a test, told again."

    compactor = Compactor(
        CompactorParts(
            journal=journal,
            store=store,
            conversation=talk,
            auxiliary=auxiliary,
            settings=compression or CompressionSettings(enabled=False),
            measure=estimate_message,
            rebuild_prompt=rebuild_prompt,
            clock=clock,
            new_id=new_id,
        )
    )
    caller = ModelCaller(
        journal,
        clock=clock,
        stall=lambda: stall or StallLimits(silent_s=0),
        new_id=new_id,
        price=price,
    )
    tool_registry = Registry(tools or (Echo(),))
    session = Session(
        SessionParts(
            session_id=session_id,
            store=store,
            journal=journal,
            conversation=talk,
            gauge=WindowGauge(
                journal,
                talk,
                tool_registry,
                counter=TokenCounter(),
                limits=lambda: compactor.limits,
            ),
            inbox=inbox_type(journal, home.spills / session_id, new_id),
            pending=pending,
            turn_parts=TurnParts(
                journal=journal,
                caller=caller,
                runner=ToolRunner(journal, services),
                compactor=compactor,
                route=route(journal) if route is not None else SingleRoute(provider),
                simple=simple,
                tools=tool_registry,
                clock=clock,
                new_id=new_id,
                estimate=estimate,
                calibrate=lambda request, tokens: None,
                max_steps=max_steps,
                max_output_tokens=max_output_tokens,
                session_id=session_id,
            ),
            approvals=FakeApprovals(),
            rollbacks=FakeRollbacks(),
            switch_runtime=lambda model, provider_id: Switched(
                Runtime(model=model, provider=provider_id or "custom")
            ),
            busy_mode=busy_mode,
            interactive=interactive,
            titles=Titles(journal, store, auxiliary, talk) if titles else None,
        )
    )
    holder.append(session.retain())
    made = Rig(session, provider, store)
    made.clock = clock
    made.began_at = journal.last_seq
    if listen:
        made.listen()
    try:
        yield made
    finally:
        await made.stop()
        if own_store:
            await store.aclose()
