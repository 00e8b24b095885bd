"""Checkpoints for the rest of the program: asynchronous, checked, never in the way."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from hermes_core.checkpoints.git import CheckpointError
from hermes_core.checkpoints.roots import root_of
from hermes_core.checkpoints.snapshots import Checkpoint, Limits, Snapshots
from hermes_core.paths import Home

_log = logging.getLogger(__name__)
_ID = re.compile(r"[0-9a-fA-F]{4,64}")
_PRUNE_EVERY = 20

Checkpoints: TypeAlias = list[Checkpoint]
Paths: TypeAlias = list[str]


class CheckpointStore:
    """All snapshots of one home. Host paths only.

    Args:
        home: Its `checkpoints` folder holds the store.
        limits: What is kept.
        environ: The process environment at start (PATH and HOME are read).
    """

    def __init__(
        self, home: Home, limits: Limits | None = None, environ: Mapping[str, str] | None = None
    ) -> None:
        environment = dict(os.environ if environ is None else environ)
        self._user_home = Path(environment.get("HOME") or Path.home()).resolve()
        self._snapshots = Snapshots(
            home.checkpoints / "store.git", limits or Limits(), environment, closed=home.root
        )
        self._taken = 0
        self._pruning: asyncio.Task[int] | None = None

    @property
    def is_usable(self) -> bool:
        """Whether git is installed; without it nothing is ever saved."""
        return self._snapshots.is_usable

    def root_of(self, path: Path) -> Path | None:
        """Return the folder a snapshot for this path covers, or None. Blocks shortly."""
        return root_of(path.resolve(), user_home=self._user_home)

    async def snapshot(
        self,
        directory: Path,
        *,
        cause: str,
        session_id: str = "",
        turn_id: str = "",
        touched: Sequence[Path] = (),
    ) -> Checkpoint | None:
        """Save a folder; None if nothing changed since its last snapshot.

        Raises:
            CheckpointError: git is missing or failed, or the folder is too large.
        """
        note = _note(cause, session_id, turn_id)
        taken = await asyncio.to_thread(
            lambda: self._snapshots.take(directory.resolve(), note, touched=touched, always=False)
        )
        self._taken += taken is not None
        if taken is not None and self._taken % _PRUNE_EVERY == 0:
            self._prune_soon()
        return taken

    async def list(self, directory: Path | None = None, *, session_id: str = "") -> Checkpoints:
        """Return snapshots, newest first, of a folder or a session if one is named."""
        found = await asyncio.to_thread(self._snapshots.all)
        wanted = None if directory is None else str(await asyncio.to_thread(directory.resolve))
        return [
            checkpoint
            for checkpoint in found
            if wanted in (None, checkpoint.directory) and session_id in ("", checkpoint.session_id)
        ]

    async def find(self, checkpoint_id: str) -> Checkpoint:
        """Return the snapshot with that id, or the only one whose id begins so.

        Raises:
            CheckpointError: The id is no hash, unknown or not unique.
        """
        if not _ID.fullmatch(checkpoint_id):
            raise CheckpointError(f"{checkpoint_id!r} is no checkpoint id")
        found = [c for c in await self.list() if c.id.startswith(checkpoint_id.lower())]
        if not found:
            raise CheckpointError(f"no checkpoint {checkpoint_id}")
        if len(found) > 1:
            raise CheckpointError(f"{checkpoint_id} names {len(found)} checkpoints")
        return found[0]

    async def diff(self, checkpoint_id: str, *, back: bool = False) -> str:
        """Return what changed since a snapshot, as a unified diff.

        Args:
            checkpoint_id: The snapshot, or how its id begins.
            back: Return what restoring it would change instead.

        Raises:
            CheckpointError: Unknown id, or git failed.
        """
        checkpoint = await self.find(checkpoint_id)
        return await asyncio.to_thread(self._snapshots.diff, checkpoint, back=back)

    async def restore(
        self, checkpoint_id: str, *, path: str | None = None, session_id: str = ""
    ) -> Paths:
        """Put a folder, or one file of it, back; return the changed paths, relative.

        The state before is saved first, as the newest snapshot of the folder. Files
        made after the snapshot are removed; those are the returned paths that no
        longer exist.

        Raises:
            CheckpointError: Unknown id, a path outside the folder, or git failed.
        """
        checkpoint = await self.find(checkpoint_id)
        if path is not None:
            path = await asyncio.to_thread(_inside, Path(checkpoint.directory), path)
        note = _note(f"before rollback to {checkpoint.id[:8]}", session_id, "")
        return await asyncio.to_thread(self._snapshots.restore, checkpoint, note, path)

    async def prune(self) -> int:
        """Drop what is beyond the limits; return how many snapshots went."""
        return await asyncio.to_thread(self._snapshots.prune)

    async def forget_session(self, session_id: str) -> int:
        """Drop the snapshots of a deleted conversation; return how many."""
        return await asyncio.to_thread(self._snapshots.forget, session_id)

    async def size_bytes(self) -> int:
        """Return what the store takes on disk."""
        return await asyncio.to_thread(self._snapshots.size_bytes)

    async def close(self) -> None:
        """Wait for pruning that runs."""
        if self._pruning is not None:
            await asyncio.wait([self._pruning])

    def _prune_soon(self) -> None:
        if self._pruning is None or self._pruning.done():
            self._pruning = asyncio.create_task(self.prune(), name="prune checkpoints")
            self._pruning.add_done_callback(_report)


class SessionCheckpoints:
    """The `Checkpoints` port of one session: once per folder and step, never failing.

    Args:
        store: Where snapshots go.
        session_id: Written into each.
        on_created: Told of each snapshot, on the loop.
        enabled: False saves nothing.
    """

    def __init__(
        self,
        store: CheckpointStore,
        *,
        session_id: str,
        on_created: Callable[[Checkpoint], None] = lambda checkpoint: None,
        enabled: bool = True,
    ) -> None:
        self._store = store
        self._session_id = session_id
        self._on_created = on_created
        self._enabled = enabled
        self._turn_id = ""
        self._done: dict[Path, asyncio.Task[None]] = {}
        self._told: set[str] = set()

    def new_step(self, turn_id: str = "") -> None:
        """A new model step begins; each folder may be saved again."""
        self._turn_id = turn_id or self._turn_id
        self._done.clear()

    async def before_change(self, paths: Sequence[Path], *, cause: str) -> None:
        """Save the folders of these paths; failures are logged, each kind once."""
        if not self._enabled:
            return
        roots: dict[Path, list[Path]] = {}
        for path in paths:
            root = await asyncio.to_thread(self._store.root_of, path)
            if root is not None:
                roots.setdefault(root, []).append(path)
        for root, touched in roots.items():
            # Tools of one step may run at once: all of them wait for the same snapshot.
            if root not in self._done:
                self._done[root] = asyncio.create_task(self._save(root, touched, cause))
            await asyncio.shield(self._done[root])

    async def _save(self, root: Path, touched: Sequence[Path], cause: str) -> None:
        try:
            taken = await self._store.snapshot(
                root,
                cause=cause,
                session_id=self._session_id,
                turn_id=self._turn_id,
                touched=touched,
            )
        except (CheckpointError, OSError) as error:
            if str(error) not in self._told:
                self._told.add(str(error))
                _log.warning("no checkpoint of %s: %s", root, error)
            return
        if taken is not None:
            self._on_created(taken)


def _note(cause: str, session_id: str, turn_id: str) -> Checkpoint:
    return Checkpoint(
        id="",
        directory="",
        created_at=time.time(),
        cause=cause,
        session_id=session_id,
        turn_id=turn_id,
    )


def _inside(directory: Path, path: str) -> str:
    """Return the path relative to the folder, links in it resolved.

    Raises:
        CheckpointError: It is absolute, leaves the folder or looks like an option.
    """
    if not path or path.startswith("-") or Path(path).is_absolute():
        raise CheckpointError(f"{path!r} is not a path inside the folder")
    parent = (directory / path).parent.resolve()
    if not parent.is_relative_to(directory) or Path(path).name in ("", ".."):
        raise CheckpointError(f"{path!r} is not a path inside the folder")
    return str((parent / Path(path).name).relative_to(directory))


def _report(task: asyncio.Task[int]) -> None:
    if not task.cancelled() and (error := task.exception()):
        _log.warning("checkpoints could not be pruned: %s", error)
