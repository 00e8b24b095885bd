"""A session and a workspace that play written events and record what is asked."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec
from msgspec.structs import replace

from hermes_core.commands import Answer, CoreCommand, Extend, Interrupt, Reply, SetTitle, Submit
from hermes_core.errors import ConfigError, HermesError, SessionNotFound
from hermes_core.events import (
    ApprovalRequested,
    ApprovalResolved,
    CoreEvent,
    FileDiff,
    InputAccepted,
    InputState,
    MessageFinished,
    MessageStarted,
    QuestionAnswered,
    QuestionAsked,
    RequestExtended,
    SessionOpened,
    SessionTitled,
)
from hermes_core.insights import Insights, insights
from hermes_core.messages import Message, Runtime
from hermes_core.paths import Home
from hermes_core.ports import SessionHandle
from hermes_core.storage.records import SessionSummary
from hermes_tui.core_link.text_file import write_text
from hermes_tui.core_link.workspace import (
    CheckpointInfo,
    GrantInfo,
    ModelInfo,
    ProviderInfo,
    SettingInfo,
    SkillInfo,
    StartInfo,
    ToolInfo,
    UsageInfo,
)

RUNTIME = Runtime(model="hermes-4-405b", provider="openrouter", window_tokens=200_000)

React = Callable[["FakeSession", CoreCommand], Reply | None]
"""What a test makes of a command; None for the usual answer."""


class FakeSession:
    """Keeps events with dense numbers, sends live ones to whoever iterates.

    Like the real session it refuses an answer to a request that is not open, or whose
    hash is another one, and closes requests with an event.
    """

    def __init__(
        self,
        session_id: str = "s1",
        *,
        react: React | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._wall = wall
        self._session_id = session_id
        self._react = react
        self._numbers = itertools.count(1)
        self._inputs = itertools.count(1)
        self._queues: list[asyncio.Queue[CoreEvent | HermesError | None]] = []
        self.stored: list[CoreEvent] = []
        self.commands: list[CoreCommand] = []
        self.released = 0
        self.fail_with: HermesError | None = None
        self.is_owner = True
        self._open: dict[str, CoreEvent] = {}

    @property
    def session_id(self) -> str:
        """The id."""
        return self._session_id

    def say(self, *events: CoreEvent) -> None:
        """Stamp events and send them to everyone."""
        for event in events:
            number = next(self._numbers) if event.stored else msgspec.UNSET
            stamped = msgspec.structs.replace(
                event, seq=number, session_id=self._session_id, ts=event.ts or self._wall()
            )
            if event.stored:
                self.stored.append(stamped)
            if isinstance(event, ApprovalResolved | QuestionAnswered):
                self._open.pop(event.request_id, None)
            elif isinstance(event, ApprovalRequested | QuestionAsked):
                self._open[event.request_id] = stamped
            for queue in self._queues:
                queue.put_nowait(stamped)

    @property
    def is_heard(self) -> bool:
        """Whether everyone took in what was said."""
        return all(queue.empty() for queue in self._queues)

    def begin(self) -> FakeSession:
        """Say that the session is open."""
        self.say(SessionOpened(runtime=RUNTIME, cwd="~/code/sync"))
        return self

    def end(self) -> None:
        """End every iterator, as a lost owner does."""
        for queue in self._queues:
            queue.put_nowait(None)

    def break_off(self, error: HermesError) -> None:
        """Let every iterator fail, as one does whose store cannot be read any more."""
        for queue in self._queues:
            queue.put_nowait(error)

    def sent(self, kind: type[CoreCommand]) -> list[CoreCommand]:
        """The recorded commands of one kind."""
        return [command for command in self.commands if isinstance(command, kind)]

    async def send(self, command: CoreCommand) -> Reply:
        """Record a command and answer it."""
        self.commands.append(command)
        if self.fail_with is not None:
            raise self.fail_with
        reply = self._react(self, command) if self._react else None
        return reply if reply is not None else self._usual(command)

    def _usual(self, command: CoreCommand) -> Reply:
        if isinstance(command, Submit):
            self._accept(command)
        elif isinstance(command, SetTitle):
            self.say(SessionTitled(title=command.title))
        elif isinstance(command, Answer):
            return self._answer(command)
        elif isinstance(command, Extend):
            self.say(RequestExtended(request_id=command.request_id, expires_at=self._wall() + 60))
        elif isinstance(command, Interrupt) and not self.stored:
            return Reply(ok=False, code="not_found", text="Nothing runs")
        return Reply(ok=True)

    def _accept(self, command: Submit) -> None:
        number = next(self._inputs)
        input_id, message_id = f"in{number}", f"user{number}"
        self.say(InputAccepted(input_id=input_id, mode="start", text=command.text))
        self.say(
            InputState(input_id=input_id, state="delivered", message_id=message_id),
            MessageStarted(message_id=message_id, role="user"),
            MessageFinished(message_id=message_id, role="user", text=command.text),
        )

    def _answer(self, command: Answer) -> Reply:
        asked = self._open.get(command.request_id)
        if asked is None:
            return Reply(ok=False, code="not_found", text="That request is closed")
        if getattr(asked, "shown_hash", "") != command.shown_hash:
            return Reply(ok=False, code="stale_answer", text="Something else was shown")
        if command.decision is not None:
            self.say(
                ApprovalResolved(
                    request_id=command.request_id, decision=command.decision, by=command.client
                )
            )
        else:
            self.say(QuestionAnswered(request_id=command.request_id, answer=None))
        return Reply(ok=True)

    async def events(self, from_seq: int = 0) -> AsyncIterator[CoreEvent]:
        """Stored events after `from_seq`, then live ones."""
        queue: asyncio.Queue[CoreEvent | HermesError | None] = asyncio.Queue()
        for event in self.stored:
            if isinstance(event.seq, int) and event.seq > from_seq:
                queue.put_nowait(event)
        self._queues.append(queue)
        try:
            while (event_or_end := await queue.get()) is not None:
                if isinstance(event_or_end, HermesError):
                    raise event_or_end
                yield event_or_end
        finally:
            self._queues.remove(queue)

    async def history(self, *, before_seq: int | None = None, limit: int = 400) -> list[CoreEvent]:
        """The newest stored events before a number."""
        until = len(self.stored) + 1 if before_seq is None else before_seq
        found = [event for event in self.stored if isinstance(event.seq, int) and event.seq < until]
        return found[-limit:]

    async def release(self) -> None:
        """Count the releases."""
        self.released += 1


class FakeStored:
    """The events of a fake session, as if they were in a store."""

    def __init__(self, sessions: Mapping[str, FakeSession], session_id: str, title: str) -> None:
        self._sessions = sessions
        self._session_id = session_id
        self._title = title
        self.read: list[tuple[int, int]] = []
        """The parts that were asked for."""

    def _events(self) -> Sequence[CoreEvent]:
        if self._session_id not in self._sessions:
            raise SessionNotFound(f"No conversation has the id {self._session_id}")
        return self._sessions[self._session_id].stored

    async def last_seq(self) -> int:
        """How many there are."""
        return len(self._events())

    async def between(self, after: int, upto: int) -> Sequence[CoreEvent]:
        """Some of them."""
        self.read.append((after, upto))
        return tuple(self._events()[after:upto])

    async def start_of(self, message_id: str, *, before: int) -> int:
        """Where a message begins."""
        starts = [
            number
            for number, event in enumerate(self._events(), 1)
            if isinstance(event, MessageStarted)
            and event.message_id == message_id
            and number < before
        ]
        return max(starts, default=0)

    async def title(self) -> str:
        """Its title."""
        self._events()
        return self._title


class FakeWorkspace:
    """Sessions by id; facts as plain attributes that tests set."""

    def __init__(
        self,
        home: Home,
        *,
        react: React | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._wall = wall
        self._home = home
        self._react = react
        self._numbers = itertools.count(1)
        self.sessions: dict[str, FakeSession] = {}
        self.summaries: list[SessionSummary] = []
        self.info = StartInfo(
            model=RUNTIME.model,
            provider=RUNTIME.provider,
            window_tokens=RUNTIME.window_tokens,
            tool_count=41,
            skill_count=3,
            cwd="~/code/sync",
            branch="main",
        )
        self.installed: list[SkillInfo] = []
        self.tool_list: list[ToolInfo] = []
        self.model_list: list[ModelInfo] = []
        self.checkpoint_list: list[CheckpointInfo] = []
        self.checkpoint_diffs: list[FileDiff] = []
        self.usage_info = UsageInfo(uses=(), spans=(), context=())
        self.insights_asked: list[tuple[int, str]] = []
        self.grant_list: list[GrantInfo] = []
        self.settings: dict[str, object] = {
            "display.skin": "default",
            "tui.theme": "",
            "display.busy_input_mode": "steer",
            "display.bell_on_complete": False,
            "display.tool_progress": "all",
            "display.show_reasoning": False,
            "display.streaming": True,
            "display.inline_diffs": True,
            "display.tool_preview_length": 0,
            "display.show_cost": True,
            "tui.reasoning": "collapsed",
            "tui.diff": "auto",
            "tui.copy": "markdown",
            "tui.history_window": 20,
            "display.resume_display": "full",
            "approvals.timeout_unfocused": True,
            "tui.typing_grace_ms": 0,
            "tui.auto_copy": "off",
            "tui.batch": 10,
            "tui.prune_lines": 3000,
            "tui.reduced_motion": False,
            "tui.paste_collapse_lines": 5,
            "tui.editing_mode": "emacs",
            "tui.mouse": True,
            "quick_commands": {},
            "model_aliases": {},
            "tui.column_width": 110,
            "tui.density": "auto",
            "display.background_process_notifications": "all",
            "agent.personalities": {},
            "agent.system_prompt": "",
            "tui.status_bar": True,
            "display.compact": False,
            "tui.tools": "auto",
            "tui.keymap": {},
            "tui.emoji": True,
            "tui.indicator": "kaomoji",
            "tui.watch": False,
            "tui.layout.left": "auto",
            "tui.sessions_scope": "all",
            "tui.layout.right": "auto",
            "tui.confirm_exit": "when busy",
            "tui.leave_transcript": "last",
            "tui.osc52": "auto",
            "tui.notify": "unfocused",
            "tui.notify_after": 10,
            "tui.notify_command": "",
            "tui.notify_content": False,
            "tui.terminal_progress": False,
        }
        self.provider_list: list[ProviderInfo] = []
        self.door = asyncio.Event()
        """Nothing opens while it is not set."""
        self.door.set()
        self.stored_texts: dict[str, str] = {}
        """Texts of messages that no event holds, by id."""
        self.open_problem: HermesError | None = None
        """Why no conversation can be opened."""
        self.setting_list: list[SettingInfo] = []
        self.settings_typed: list[tuple[str, str]] = []
        self.config_problem = ""
        self.renamed: list[tuple[str, str]] = []
        self.deleted: list[str] = []
        self.is_closed = False

    @property
    def home(self) -> Home:
        """The home of the test."""
        return self._home

    def skill_folders(self) -> tuple[Path, ...]:
        """That of the home alone."""
        return (self._home.skills,)

    def start_info(self) -> StartInfo:
        """The facts."""
        return self.info

    def add_session(
        self,
        session_id: str,
        *,
        title: str,
        events: Sequence[CoreEvent] = (),
        at: float = 0.0,
        preview: str = "",
        cwd: str = "~/code/sync",
    ) -> FakeSession:
        """Put a conversation of the past into the list."""
        session = FakeSession(session_id, react=self._react, wall=self._wall).begin()
        session.say(*events)
        self.sessions[session_id] = session
        self.summaries.append(
            SessionSummary(
                id=session_id,
                title=title,
                preview=preview or title,
                cwd=cwd,
                source="cli",
                started_at=at,
                last_active=at,
                message_count=len(events),
                kind="root",
                model=RUNTIME.model,
                parent_session_id=None,
            )
        )
        return session

    async def open(self, session_id: str | None = None) -> SessionHandle:
        """Open one that is known, or begin one."""
        await self.door.wait()
        if self.open_problem is not None:
            raise self.open_problem
        if session_id is None:
            session_id = f"new{next(self._numbers)}"
            self.sessions[session_id] = FakeSession(
                session_id, react=self._react, wall=self._wall
            ).begin()
        if session_id not in self.sessions:
            raise SessionNotFound(f"No conversation has the id {session_id}")
        return self.sessions[session_id]

    def stored(self, session_id: str) -> FakeStored:
        """What the session said so far, in parts."""
        titles = {summary.id: summary.title or "" for summary in self.summaries}
        return FakeStored(self.sessions, session_id, titles.get(session_id, ""))

    async def past_events(self, session_id: str) -> Sequence[CoreEvent]:
        """What the session said so far."""
        if session_id not in self.sessions:
            raise SessionNotFound(f"No conversation has the id {session_id}")
        return tuple(self.sessions[session_id].stored)

    async def message_text(self, session_id: str, message_id: str) -> str:
        """The text of a message that was said."""
        if message_id in self.stored_texts:
            return self.stored_texts[message_id]
        for event in self.sessions[session_id].stored:
            if isinstance(event, MessageFinished) and event.message_id == message_id:
                return event.text
        raise SessionNotFound(f"No message {message_id}")

    async def recent(
        self, *, text: str = "", limit: int = 50, here: bool = False
    ) -> list[SessionSummary]:
        """Summaries whose title or preview holds the text."""
        wanted = text.casefold()
        found = [
            item
            for item in self.summaries
            if wanted in f"{item.title} {item.preview}".casefold()
            and (not here or item.cwd == self.info.cwd)
        ]
        return sorted(found, key=lambda item: -item.last_active)[:limit]

    async def branch(self, session_id: str) -> str:
        """Copy what was said into a conversation of its own."""
        new_id = f"{session_id}-branch"
        past = self.sessions[session_id].stored[1:]
        self.add_session(new_id, title=f"{session_id} #2", events=past, at=self._wall())
        return new_id

    async def skills(self) -> list[SkillInfo]:
        """The installed skills."""
        return self.installed

    async def skill_page(self, name: str) -> str:
        """A file as skills have it."""
        return f"---\nname: {name}\n---\n\n# How to {name}\n"

    async def set_skill(self, name: str, *, is_on: bool) -> None:
        """Switch a skill."""
        state: Literal["on", "off"] = "on" if is_on else "off"
        self.installed = [
            replace(skill, state=state) if skill.name == name else skill for skill in self.installed
        ]

    async def tools(self) -> list[ToolInfo]:
        """The tools."""
        return self.tool_list

    async def models(self, current: Runtime | None = None) -> list[ModelInfo]:
        """The models."""
        return self.model_list

    async def providers(self, current: Runtime | None = None) -> list[ProviderInfo]:
        """The providers."""
        return self.provider_list

    async def usage(self, session_id: str) -> UsageInfo:
        """What the test says was used."""
        return self.usage_info

    async def insights(self, *, days: int, source: str = "") -> Insights:
        """Sums of what the test says was used."""
        self.insights_asked.append((days, source))
        now = dt.datetime.fromtimestamp(self._wall(), dt.UTC)
        return insights(self.usage_info.uses, days=days, now=now)

    def setting(self, key: str) -> object:
        """A setting that the test or the defaults know."""
        if key not in self.settings:
            raise ConfigError(f"No setting is called {key}")
        return self.settings[key]

    async def set_setting(self, key: str, value: object) -> None:
        """Remember a setting."""
        if key not in self.settings:
            raise ConfigError(f"No setting is called {key}")
        self.settings[key] = value

    async def list_settings(self) -> list[SettingInfo]:
        """What the test listed."""
        return list(self.setting_list)

    async def type_setting(self, key: str, text: str) -> None:
        """Change a listed setting; one with choices takes nothing else."""
        infos = {info.key: info for info in self.setting_list}
        info = infos[key]
        if info.choices and text not in info.choices:
            raise ConfigError(f"{key}: should be {' or '.join(info.choices)}, not {text!r}")
        infos[key] = replace(info, value=text, origin="config.yaml")
        self.setting_list = list(infos.values())
        self.settings_typed.append((key, text))

    async def unset_setting(self, key: str) -> None:
        """Take a listed setting back to its default."""
        self.setting_list = [
            replace(info, value="", origin="default") if info.key == key else info
            for info in self.setting_list
        ]

    async def reread_settings(self) -> str:
        """What the test says is wrong."""
        return self.config_problem

    async def checkpoints(self, session_id: str) -> list[CheckpointInfo]:
        """The snapshots."""
        return self.checkpoint_list

    async def checkpoint_diff(self, session_id: str, checkpoint_id: str) -> str:
        """A small change."""
        return "--- a/retry.py\n+++ b/retry.py\n@@ -1 +1 @@\n-old\n+new\n"

    async def checkpoint_files(self, session_id: str, checkpoint_id: str) -> list[FileDiff]:
        """What the test says changed."""
        return self.checkpoint_diffs

    async def grants(self, session_id: str) -> list[GrantInfo]:
        """What is allowed."""
        return self.grant_list

    async def rename(self, session_id: str, title: str) -> None:
        """Remember the new title."""
        self.renamed.append((session_id, title))

    async def delete(self, session_id: str) -> None:
        """Take a conversation out."""
        self.deleted.append(session_id)
        self.sessions.pop(session_id, None)
        self.summaries = [item for item in self.summaries if item.id != session_id]

    async def messages(self, session_id: str) -> list[Message]:
        """What the session said, tools left out."""
        return [
            Message(role=event.role, content=event.text, message_id=event.message_id)
            for event in self.sessions[session_id].stored
            if isinstance(event, MessageFinished)
        ]

    async def skill_text(self, name: str) -> str:
        """Words about a skill that is installed."""
        if name not in {skill.name for skill in self.installed}:
            raise ConfigError(f"There is no skill {name}.")
        return f"How to do {name}."

    async def export(self, session_id: str, target: Path | None = None) -> Path:
        """Write a file, into the home if none is named."""
        path = target or self._home.root / f"{session_id}.md"
        write_text(path, "exported", anew=target is None)
        return path

    async def close(self) -> None:
        """Remember that it was closed."""
        self.is_closed = True
