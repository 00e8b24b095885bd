"""Turning what happens in a session into blocks. Knows no screen.

Ids that are not known never raise: a door may join late or read an event twice.
Every method returns the block whose look changed, or None if nothing did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct, field

from hermes_core.events import (
    AgentFinished,
    AgentSpawned,
    BackgroundFinished,
    BackgroundStarted,
    CoreEvent,
    MessageFinished,
    Notice,
    ReasoningFinished,
    SessionRewound,
    ToolFinished,
    ToolSkipped,
    ToolStarted,
    TurnFinished,
)
from hermes_widgets.blocks.block import Block
from hermes_widgets.blocks.error_card import CardAction, ErrorCard
from hermes_widgets.blocks.notice_line import NoticeLine
from hermes_widgets.blocks.reasoning_line import ReasoningLine
from hermes_widgets.blocks.reply_block import Ending, ReplyBlock
from hermes_widgets.blocks.result_block import ResultBlock
from hermes_widgets.blocks.tool_line import RUN_LINES, ReadRun, ToolLine
from hermes_widgets.blocks.tool_words import AGENT, tool_verb
from hermes_widgets.blocks.turn_end import Changes, TurnEnd
from hermes_widgets.blocks.user_block import UserBlock
from hermes_widgets.drawing.foreign import one_line


class Sheaf(Protocol):
    """Where blocks go."""

    @property
    def blocks(self) -> Sequence[Block]:
        """All blocks, oldest first."""
        ...

    def append(self, block: Block) -> None:
        """Put a block at the end."""
        ...

    def insert_before(self, follower: Block, block: Block) -> None:
        """Put a block in front of another."""
        ...

    def remove(self, block: Block) -> None:
        """Take a block out."""
        ...

    def touch(self, block: Block) -> None:
        """Note that the height of a block may have changed."""
        ...


_ENDS = {"interrupted": "stopped", "lost": "lost"}


class _Agent(Struct):
    """A child that works, or has worked."""

    since: float
    """Seconds since the epoch."""
    calls: set[str] = field(default_factory=set)


class Scribe:
    """Writes one conversation."""

    def __init__(self, sheaf: Sheaf, clock: Callable[[], float]) -> None:
        self._sheaf = sheaf
        self._clock = clock
        self._users: dict[str, UserBlock] = {}
        self._replies: dict[str, ReplyBlock] = {}
        self._reasonings: dict[str, ReasoningLine] = {}
        self._tools: dict[str, ToolLine] = {}
        self._turn_tools: list[ToolLine] = []
        self._begun = ""
        """The message that began last and has no text yet."""
        self._followers: dict[str, ToolLine] = {}
        """The first tool of a message, for text that is told only at its end."""
        self._run: list[ToolLine] = []
        """Calls of one tool, one under the other and nothing between."""
        self._run_name = ""
        self._last_tool: ToolLine | None = None
        self._agents: dict[str, _Agent] = {}
        self._beside: dict[str, BackgroundStarted] = {}
        self._ended: set[str] = set()
        """Ids of messages taken back or discarded, and of turns that have their end."""

    # --- messages ----------------------------------------------------------------------

    def add_user(self, message_id: str, text: str, attachments: int = 0) -> Block | None:
        """A message of the person."""
        if message_id in self._users or message_id in self._ended:
            return None
        block = self._users[message_id] = UserBlock(message_id, text, attachments)
        self._sheaf.append(block)
        return block

    def begin_reply(self, message_id: str) -> Block | None:
        """A message of the model may come; its block appears with the first text."""
        self._begun = message_id if message_id not in self._replies else ""
        return None

    def append_reply(self, message_id: str, text: str) -> Block | None:
        """More text of a reply."""
        if message_id in self._ended:
            return None
        block = self._reply(message_id)
        if not block.is_open:
            return None
        block.append(text)
        return block

    def finish_reply(
        self, message_id: str, *, state: Ending, text: str, reason: str | None
    ) -> Block | None:
        """A reply is complete, cut short or thrown away."""
        if message_id in self._ended:
            return None
        known = self._replies.get(message_id)
        if state == "discarded":
            self._ended.add(message_id)
            if known is not None:
                self._sheaf.remove(self._replies.pop(message_id))
            return known
        if known is None and not text:
            return None
        block = known or self._reply(message_id)
        if not block.is_open:
            return None
        block.finish(state, text, reason)
        return block

    def _reply(self, message_id: str) -> ReplyBlock:
        block = self._replies.get(message_id)
        if block is None:
            block = self._replies[message_id] = ReplyBlock(message_id)
            self._put(block, message_id)
        return block

    def _put(self, block: Block, message_id: str) -> None:
        """Append a block, or put it before the tools its message asked for."""
        follower = self._followers.get(message_id)
        if follower is None:
            self._sheaf.append(block)
        else:
            self._sheaf.insert_before(follower, block)

    def append_reasoning(self, message_id: str, text: str) -> Block | None:
        """More thinking before a reply."""
        if message_id in self._ended:
            return None
        block = self._reasoning(message_id)
        block.append(text)
        return block

    def finish_reasoning(self, message_id: str, text: str, seconds: float) -> Block | None:
        """The model stopped thinking."""
        if message_id in self._ended or (not text and message_id not in self._reasonings):
            return None
        block = self._reasoning(message_id)
        block.finish(text, seconds)
        return block

    def _reasoning(self, message_id: str) -> ReasoningLine:
        """Thinking always stands before its reply, however late it comes."""
        block = self._reasonings.get(message_id)
        if block is None:
            block = self._reasonings[message_id] = ReasoningLine(message_id, self._clock())
            reply = self._replies.get(message_id)
            if reply is None:
                self._put(block, message_id)
            else:
                self._sheaf.insert_before(reply, block)
        return block

    # --- tools -------------------------------------------------------------------------

    def announce_tool(self, call_id: str, name: str, depth: int = 0) -> Block | None:
        """The model names a tool; arguments are still being written."""
        if call_id in self._tools or name.startswith("_"):
            return None
        return self._tool(call_id, name, depth)

    def start_tool(
        self,
        call_id: str,
        name: str,
        preview: str = "",
        args: Mapping[str, Any] | None = None,
        paths: Sequence[str] = (),
        *,
        kind: str = "other",
        depth: int = 0,
        by_person: bool = False,
    ) -> Block | None:
        """A tool is about to run."""
        if name.startswith("_"):
            return None
        line = self._tool(call_id, name, depth)
        line.start(preview, args or {}, tuple(paths), kind, self._clock())
        if by_person:
            line.show_typed()
        return line

    def tool_output(self, call_id: str, chunk: str) -> Block | None:
        """Live output of a running tool."""
        line = self._tools.get(call_id)
        if line is not None:
            line.add_output(chunk)
        return line

    def tool_waiting(self, call_id: str, waiting: bool) -> Block | None:
        """A tool waits for the person, or no longer does."""
        line = self._tools.get(call_id)
        if line is not None:
            line.wait(waiting)
        return line

    def finish_tool(self, event: ToolFinished) -> Block | None:
        """A tool answered."""
        if event.name.startswith("_"):
            return None
        line = self._tool(event.call_id, event.name, len(event.agent))
        line.finish(event)
        return line

    def skip_tool(self, event: ToolSkipped) -> Block | None:
        """A tool was not run or was cancelled."""
        if event.name.startswith("_"):
            return None
        line = self._tool(event.call_id, event.name, len(event.agent))
        line.skip(event)
        return line

    def _tool(self, call_id: str, name: str, depth: int) -> ToolLine:
        line = self._tools.get(call_id)
        if line is None:
            line = self._tools[call_id] = ToolLine(call_id, name, now=self._clock(), depth=depth)
            line.is_repeat = bool(self._turn_tools) and self._turn_tools[-1].name == name
            before = self._sheaf.blocks[-1] if self._sheaf.blocks else None
            if before is not self._last_tool or line.name != self._run_name:
                self._close_run()
            self._last_tool, self._run_name = line, name
            self._run.append(line)
            self._turn_tools.append(line)
            self._sheaf.append(line)
            if self._begun and depth == 0:
                self._followers.setdefault(self._begun, line)
        return line

    def _close_run(self) -> None:
        """Tell files read one after the other in one line; those of a run that is over."""
        lines, self._run = self._run, []
        while lines:
            count = next((at for at, line in enumerate(lines) if not line.can_join), len(lines))
            if count >= RUN_LINES:
                run = ReadRun(lines[:count])
                for line in run.lines:
                    line.join(run)
                self._sheaf.touch(run.lines[0])
            lines = lines[count + 1 :]

    # --- child agents ------------------------------------------------------------------

    def start_agent(self, event: AgentSpawned) -> Block | None:
        """A child works: one line, whatever it does."""
        self._agents.setdefault(event.child_id, _Agent(event.ts))
        line = self._tool(event.child_id, AGENT, 1)
        line.start(event.goal, {}, (), "other", self._clock())
        return line

    def agent_call(self, event: ToolStarted) -> Block | None:
        """A child calls a tool: that is what its line says now."""
        child_id = event.agent[0] if event.agent else ""
        agent = self._agents.get(child_id)
        if agent is None or event.call_id in agent.calls:
            return None
        agent.calls.add(event.call_id)
        line = self._tools[child_id]
        line.add_output(f"{tool_verb(event.name, event.kind)} {one_line(event.preview)}\n")
        return line

    def finish_agent(self, event: AgentFinished) -> Block | None:
        """A child has reported."""
        agent = self._agents.get(event.child_id)
        if agent is None:
            return None
        line = self._tools[event.child_id]
        ok, count = event.status == "completed", len(agent.calls)
        calls = f"{count} call{'s' * (count != 1)}" if count else ""
        line.finish(
            ToolFinished(
                call_id=event.child_id,
                name=AGENT,
                ok=ok,
                duration_s=max(0.0, event.ts - agent.since),
                summary=calls if ok else event.status,
                result_preview=event.summary,
                turn_id=event.turn_id,
            )
        )
        return line

    # --- the rest ----------------------------------------------------------------------

    def begin_beside(self, event: BackgroundStarted) -> None:
        """Work beside the conversation begins; its block comes with its end."""
        self._beside[event.task_id] = event

    def finish_beside(self, event: BackgroundFinished) -> Block | None:
        """Work beside the conversation has ended; what processes did is told as a remark."""
        begun = self._beside.pop(event.task_id, None)
        if begun is None:
            return None
        if begun.kind not in ("prompt", "side"):
            text = f"{begun.label}: {event.summary or event.status}"
            block: Block | None = NoticeLine("info", text) if event.status != "lost" else None
        else:
            kind = "on the side" if begun.kind == "side" else "in the background"
            ok = event.status == "completed"
            fact = kind if ok else f"{_ENDS.get(event.status, event.status)} {kind}"
            block = ResultBlock(begun.label, event.summary, fact=fact, ok=ok)
        if block is not None:
            self._sheaf.append(block)
        return block

    def notice(self, event: Notice) -> Block | None:
        """A remark."""
        block = NoticeLine(event.level, event.text)
        self._sheaf.append(block)
        return block

    def error(
        self, title: str, hint: str, details: str, actions: Sequence[CardAction]
    ) -> Block | None:
        """A failure that needs a decision."""
        block = ErrorCard(title, hint, details, actions)
        self._sheaf.append(block)
        return block

    def finish_turn(self, event: TurnFinished) -> list[Block]:
        """A turn is over. Returns the blocks that changed."""
        key = f"turn {event.turn_id}"
        if event.agent or (event.turn_id is not None and key in self._ended):
            return []
        self._ended.add(key)
        tools, self._turn_tools = self._turn_tools, []
        self._close_run()
        self._last_tool = None
        self._begun = ""
        self._followers.clear()
        for line in tools:
            line.abandon()
            if event.outcome == "completed":
                line.recover()
        diffs = [diff for line in tools for diff in line.diffs]
        end = TurnEnd(
            event,
            Changes(
                added=sum(diff.added for diff in diffs),
                removed=sum(diff.removed for diff in diffs),
                files=len({diff.path for diff in diffs}),
            ),
        )
        self._sheaf.append(end)
        return [*tools, end]

    def rewind(self, from_message_id: str) -> list[Block]:
        """Take back a message and everything after it. Returns what is gone."""
        first = next(
            (
                index
                for index, block in enumerate(self._sheaf.blocks)
                if block.message_id == from_message_id
            ),
            None,
        )
        if first is None:
            return []
        gone = list(self._sheaf.blocks[first:])
        for block in gone:
            self._sheaf.remove(block)
            if block.message_id:
                self._ended.add(block.message_id)
            if isinstance(block, ToolLine):
                self._tools.pop(block.call_id, None)
        self._turn_tools = [line for line in self._turn_tools if line not in gone]
        return gone

    def forget(self, gone: Sequence[Block]) -> None:
        """Blocks were let go; the same events write them again."""
        for block in gone:
            if isinstance(block, ToolLine):
                self._tools.pop(block.call_id, None)
            elif isinstance(block, TurnEnd):
                self._ended.discard(f"turn {block.turn_id}")
            for known in (self._users, self._replies, self._reasonings):
                if known.get(block.message_id) is block:
                    del known[block.message_id]

    def adopt(self, older: Scribe) -> None:
        """Know the ids of an older part of the same conversation."""
        self._users = {**older._users, **self._users}
        self._replies = {**older._replies, **self._replies}
        self._reasonings = {**older._reasonings, **self._reasonings}
        self._tools = {**older._tools, **self._tools}
        self._agents = {**older._agents, **self._agents}
        self._beside = {**older._beside, **self._beside}
        self._ended |= older._ended

    def knows(self, event: CoreEvent) -> bool:
        """Whether the block of an event is there already."""
        match event:
            case MessageFinished():
                known = (*self._users, *self._replies) if event.message_id else ()
                return event.message_id in known or event.message_id in self._ended
            case ReasoningFinished():
                return event.message_id in self._reasonings or event.message_id in self._ended
            case ToolStarted() | ToolFinished() | ToolSkipped():
                return event.call_id in self._tools
            case AgentSpawned() | AgentFinished():
                return event.child_id in self._tools
            case TurnFinished():
                return f"turn {event.turn_id}" in self._ended
        return False

    def replay(self, event: CoreEvent) -> None:
        """Write what a stored event tells; events without a block are passed over."""
        match event:
            case MessageFinished(role="user"):
                self.add_user(event.message_id, event.text)
            case MessageFinished():
                self.finish_reply(
                    event.message_id, state=event.state, text=event.text, reason=event.reason
                )
            case ReasoningFinished():
                self.finish_reasoning(event.message_id, event.text, event.seconds)
            case Notice():
                self.notice(event)
            case TurnFinished():
                self.finish_turn(event)
            case SessionRewound():
                self.rewind(event.from_message_id)
            case _:
                self._replay_work(event)

    def _replay_work(self, event: CoreEvent) -> None:
        match event:
            case ToolStarted() if event.agent:
                self.agent_call(event)
            case ToolStarted():
                self._replay_start(event)
            case ToolFinished() if not event.agent:
                self.finish_tool(event)
            case ToolSkipped() if not event.agent:
                self.skip_tool(event)
            case AgentSpawned():
                self.start_agent(event)
            case AgentFinished():
                self.finish_agent(event)
            case BackgroundStarted():
                self.begin_beside(event)
            case BackgroundFinished():
                self.finish_beside(event)

    def _replay_start(self, event: ToolStarted) -> None:
        self.start_tool(
            event.call_id,
            event.name,
            event.preview,
            event.args,
            event.paths,
            kind=event.kind,
            depth=len(event.agent),
        )
