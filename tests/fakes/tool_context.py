"""A tool context for tests: fakes around the real local disk.

Source of each behaviour: the protocols in `hermes_core/ports.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hermes_core.config.schema import Settings
from hermes_core.errors import Cancelled, ToolBlocked
from hermes_core.events import FileDiff
from hermes_core.files import LocalFiles
from hermes_core.messages import TodoItem
from hermes_core.paths import Home
from hermes_core.tools.base import ToolContext


class FakeCancel:
    """A turn's cancel token that a test sets by hand."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._callbacks: list[Callable[[], None]] = []

    @property
    def is_set(self) -> bool:
        return self._event.is_set()

    async def wait(self) -> None:
        await self._event.wait()

    def raise_if_set(self) -> None:
        if self.is_set:
            raise Cancelled

    def on_set(self, callback: Callable[[], None]) -> Callable[[], None]:
        if self.is_set:
            asyncio.get_running_loop().call_soon(callback)
        self._callbacks.append(callback)

        def unregister() -> None:
            if callback in self._callbacks:
                self._callbacks.remove(callback)

        return unregister

    def set(self) -> None:
        """Interrupt the turn; later calls do nothing."""
        if self.is_set:
            return
        self._event.set()
        for callback in tuple(self._callbacks):
            asyncio.get_running_loop().call_soon(callback)


class FakePermissions:
    """Lets everything through and writes down what was asked.

    Args:
        blocked: Paths (and all below them) and exact commands that are refused.
        environment: What children get; defaults to PATH alone.
    """

    def __init__(
        self,
        *,
        blocked: Sequence[Path | str] = (),
        environment: Mapping[str, str] | None = None,
        approval: str = "allowed",
    ) -> None:
        self.blocked = set(blocked)
        self.environment = dict(environment or {"PATH": "/usr/local/bin:/usr/bin:/bin"})
        self.approval = approval
        self.commands: list[str] = []
        self.read: list[Path] = []
        self.written: list[Path] = []
        self.shown: list[FileDiff] = []

    async def command(self, command: str, *, cwd: Path, backend: str = "local") -> str:
        self.commands.append(command)
        if command in self.blocked:
            raise ToolBlocked(f"command refused: {command}")
        return self.approval

    def readable(self, path: Path) -> Path:
        resolved = self._checked(path)
        self.read.append(resolved)
        return resolved

    async def writable(self, path: Path, *, diff: FileDiff | None = None) -> Path:
        resolved = self._checked(path)
        self.written.append(resolved)
        if diff is not None:
            self.shown.append(diff)
        return resolved

    def child_environment(self) -> dict[str, str]:
        return dict(self.environment)

    def _checked(self, path: Path) -> Path:
        resolved = path.resolve()
        for rule in self.blocked:
            if isinstance(rule, Path) and resolved.is_relative_to(rule.resolve()):
                raise ToolBlocked(f"path refused: {path}")
        return resolved


class FakeQuestions:
    """Answers from a written list; an empty list means nobody is there."""

    def __init__(self, *answers: str | None) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    async def ask(
        self, question: str, *, choices: Sequence[str] = (), secret: bool = False
    ) -> str | None:
        self.asked.append((question, tuple(choices)))
        return self.answers.pop(0) if self.answers else None

    async def password(self, question: str, *, timeout_s: float) -> str | None:
        self.asked.append((question, ()))
        return self.answers.pop(0) if self.answers else None


class FakeTodos:
    """A plan kept in a tuple; `saved` counts the replacements."""

    def __init__(self, *items: TodoItem) -> None:
        self._items = tuple(items)
        self.saved = 0

    def items(self) -> tuple[TodoItem, ...]:
        return self._items

    async def replace(self, items: Sequence[TodoItem]) -> None:
        self._items = tuple(items)
        self.saved += 1


class FakeCheckpoints:
    """Writes down what would have been saved."""

    def __init__(self) -> None:
        self.taken: list[tuple[tuple[Path, ...], str]] = []

    async def before_change(self, paths: Sequence[Path], *, cause: str) -> None:
        self.taken.append((tuple(paths), cause))


class FakeRecall:
    """Knows no past conversations."""

    async def recent(self, *, limit: int, exclude: str) -> list[dict[str, Any]]:
        return []

    async def search(
        self, query: str, *, limit: int, roles: Sequence[str] = (), exclude: str = ""
    ) -> list[dict[str, Any]]:
        return []


def tool_context(cwd: Path, **overrides: Any) -> ToolContext:
    """Return a context working in `cwd`; any field may be given by name.

    The home is `cwd`'s sibling `.hermes` and is not created.
    """
    fields: dict[str, Any] = {
        "session_id": "s1",
        "turn_id": "t1",
        "call_id": "c1",
        "cwd": cwd,
        "home": Home(cwd.parent / ".hermes"),
        "settings": Settings(),
        "cancel": FakeCancel(),
        "permissions": FakePermissions(),
        "files": LocalFiles(),
        "checkpoints": FakeCheckpoints(),
        "questions": FakeQuestions(),
        "todos": FakeTodos(),
        "recall": FakeRecall(),
        "environ": {"PATH": "/usr/local/bin:/usr/bin:/bin"},
    }
    return ToolContext(**(fields | overrides))
