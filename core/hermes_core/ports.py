"""Protocols that let low floors ask high ones.

A tool knows these, never the session; the composition root binds them. A front
end knows `SessionHandle`, and cannot tell an actor in its own process from one
it reached through a socket.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec
from msgspec import UNSET, UnsetType

from hermes_core.commands import CoreCommand, Reply
from hermes_core.events import CoreEvent, FileDiff
from hermes_core.messages import TodoItem


class SessionHandle(Protocol):
    """A conversation as a front end sees it."""

    @property
    def session_id(self) -> str:
        """The id, which never changes."""
        ...

    @property
    def is_owner(self) -> bool:
        """Whether it runs in this process, and so ends with it."""
        ...

    async def send(self, command: CoreCommand) -> Reply:
        """Ask for something. The reply comes at once; effects come as events.

        Raises:
            OwnerLost: The owning process is gone; open the session again.
        """
        ...

    def events(self, from_seq: int = 0) -> AsyncIterator[CoreEvent]:
        """Stored events after `from_seq`, the open texts so far, then live ones.

        Ends when the session is closed. Any number of iterators may run.

        Raises:
            OwnerLost: While iterating, if the owning process is gone.
        """
        ...

    async def history(self, *, before_seq: int | None = None, limit: int = 400) -> list[CoreEvent]:
        """The newest stored events before `before_seq` (or the end), oldest first."""
        ...

    async def release(self) -> None:
        """Let go of the session; the last one out closes the actor."""
        ...


class CancelToken(Protocol):
    """One a turn; reaches every tool, subprocess and request of it."""

    @property
    def is_set(self) -> bool:
        """Whether the turn was interrupted."""
        ...

    async def wait(self) -> None:
        """Return when the turn is interrupted."""
        ...

    def raise_if_set(self) -> None:
        """Raise `Cancelled` if the turn was interrupted."""
        ...

    def on_set(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back on the loop when set; returns the function that unregisters."""
        ...


class Questions(Protocol):
    """Ask the person, wherever that person sits."""

    async def ask(
        self, question: str, *, choices: Sequence[str] = (), secret: bool = False
    ) -> str | None:
        """Return the answer, or None if nobody is present or the person declined."""
        ...

    async def password(self, question: str, *, timeout_s: float) -> str | None:
        """Ask for a password that goes to a command alone and is kept nowhere.

        Returns:
            What was typed, or None if the person declined or did not answer in time.
        """
        ...


class Permissions(Protocol):
    """The session's guard: commands, paths, environments, grants."""

    async def command(self, command: str, *, cwd: Path, backend: str = "local") -> str:
        """Let a shell command through, or ask, or refuse.

        Returns:
            A word for the result's `approval` field: `allowed`, `once`, `session`,
            `always`, `yolo`.

        Raises:
            ToolBlocked: Refused by a rule, by the person, or because nobody answered.
        """
        ...

    def readable(self, path: Path) -> Path:
        """Return the resolved path.

        Raises:
            ToolBlocked: The path is closed to reading (credentials, devices).
        """
        ...

    async def writable(self, path: Path, *, diff: FileDiff | None = None) -> Path:
        """Return the resolved path, asking the person where the rules say so.

        Raises:
            ToolBlocked: The path is closed to writing.
        """
        ...

    def child_environment(self) -> dict[str, str]:
        """The environment for child processes, with our own secrets taken out."""
        ...


class Files(Protocol):
    """Where file tools read and write: the local disk, or an editor's buffers."""

    async def read_bytes(self, path: Path, *, limit: int | None = None) -> bytes:
        """Raises OSError as `Path.read_bytes` does."""
        ...

    async def write_bytes(self, path: Path, data: bytes) -> None:
        """Atomic: a temporary file in the same folder, then rename; keeps the mode."""
        ...


class Checkpoints(Protocol):
    """Snapshots before changes."""

    async def before_change(self, paths: Sequence[Path], *, cause: str) -> None:
        """Snapshot, at most once per folder and step. Failures are logged, never raised."""
        ...


class Todos(Protocol):
    """The session's plan."""

    def items(self) -> tuple[TodoItem, ...]:
        """The plan as it stands."""
        ...

    async def replace(self, items: Sequence[TodoItem]) -> None:
        """Set the plan and tell everyone."""
        ...


class Recall(Protocol):
    """Search over past conversations."""

    async def recent(self, *, limit: int, exclude: str) -> list[dict[str, Any]]:
        """The newest conversations, without the one named `exclude`."""
        ...

    async def search(
        self, query: str, *, limit: int, roles: Sequence[str] = (), exclude: str = ""
    ) -> list[dict[str, Any]]:
        """Ranked hits with snippets, one per conversation."""
        ...


class DelegatedTask(msgspec.Struct, frozen=True, kw_only=True):
    """What one child agent is asked to do."""

    goal: str
    context: str = ""
    toolsets: tuple[str, ...] | None = None
    """Toolsets it may use, out of those of the agent that asks; None: all of them."""


class ChildTokens(msgspec.Struct, frozen=True, kw_only=True):
    """What a child read and wrote, in tokens."""

    input: int = 0
    output: int = 0


class ChildCall(msgspec.Struct, frozen=True, kw_only=True):
    """One tool call of a child."""

    tool: str
    args_bytes: int = 0
    result_bytes: int = 0
    status: str = "ok"


class ChildResult(msgspec.Struct, frozen=True, kw_only=True):
    """How one child ended; the fields are those the model reads."""

    task_index: int
    status: str
    """`completed`, `failed`, `interrupted`, `timeout` or `error`."""
    summary: str
    """The child's last words; empty if it had none."""
    api_calls: int = 0
    duration_seconds: float = 0.0
    model: str = ""
    exit_reason: str = "completed"
    tokens: ChildTokens = ChildTokens()
    tool_trace: tuple[ChildCall, ...] = ()
    error: str | UnsetType = UNSET


class Delegation(Protocol):
    """Hand work to child agents and wait for them."""

    async def run(
        self, tasks: Sequence[DelegatedTask], *, max_iterations: int, cancel: CancelToken
    ) -> list[ChildResult]:
        """Run all tasks at once and return their results in the order of the tasks.

        Args:
            tasks: At least one.
            max_iterations: Steps each child may take, at least 1.
            cancel: Reaches every child.

        Raises:
            ToolError: The model for children cannot be used; nothing was started.
        """
        ...
