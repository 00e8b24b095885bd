"""Snapshots in one shared repository: take, list, compare, restore, prune. Blocking.

Each snapshot is a commit without parents under `refs/checkpoints/<project>/<n>`, so
any of them can go without the others; equal files are stored once. What is known
about it (folder, cause, counts) is its message, as JSON.
"""

from __future__ import annotations

import contextlib
import fcntl
import fnmatch
import hashlib
import logging
import os
import stat
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from hermes_core.checkpoints.git import EXCLUDED, CheckpointError, GitRepository

_log = logging.getLogger(__name__)
_REFS = "refs/checkpoints"
_LOCK_POLL_S = 0.02


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One snapshot."""

    id: str
    """Full hash of its commit."""
    directory: str
    """The folder it covers, absolute."""
    created_at: float
    """Seconds since the epoch, UTC."""
    cause: str
    session_id: str = ""
    turn_id: str = ""
    files_changed: int = 0
    """Against the snapshot of the folder before this one."""
    added: int = 0
    """Lines."""
    removed: int = 0
    left_out: tuple[str, ...] = ()
    """Files that were there but too large to save, as Latin-1; a restore leaves them."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much is kept."""

    max_snapshots: int = 50
    """For each folder."""
    max_total_bytes: int = 500 << 20
    max_file_bytes: int = 10 << 20
    """Larger files are left out."""
    max_files: int = 50_000
    """Folders with more are left out."""
    max_age_s: float = 7 * 86_400.0
    timeout_s: float = 30.0
    """For one git command and for the lock."""


class _Saved(msgspec.Struct, frozen=True, kw_only=True):
    ref: str
    checkpoint: Checkpoint


class Snapshots:
    """The store on disk. Every public method takes the store's lock."""

    def __init__(
        self, folder: Path, limits: Limits, environ: dict[str, str], *, closed: Path
    ) -> None:
        self._limits = limits
        self._git = GitRepository(folder, environ, timeout_s=limits.timeout_s)
        self._closed = closed
        """Never saved: the home with logins and the store itself."""

    @property
    def is_usable(self) -> bool:
        """Whether git is installed."""
        return self._git.is_usable

    def take(
        self, directory: Path, note: Checkpoint, *, touched: Sequence[Path] = (), always: bool
    ) -> Checkpoint | None:
        """Save the folder; None if nothing changed since the last time, unless `always`.

        Args:
            directory: Resolved.
            note: The new checkpoint without id and counts.
            touched: Files saved although an ignore rule names them.
            always: Save an unchanged folder too.

        Raises:
            CheckpointError: git failed, or the folder is too large.
        """
        with self._locked():
            return self._take(directory, note, touched, always=always)

    def all(self) -> list[Checkpoint]:
        """All snapshots, newest first."""
        if not (self._git.folder / "HEAD").exists():
            return []
        with self._locked():
            return [saved.checkpoint for saved in self._saved()]

    def diff(self, checkpoint: Checkpoint, *, back: bool = False) -> str:
        """Return what changed in the folder since, as a unified diff, or the way back."""
        directory = Path(checkpoint.directory)
        with self._locked():
            now, _ = self._tree_now(directory, ())
            arguments = ["diff-tree", "-r", "-p", "--no-color", "--no-ext-diff", "--no-textconv"]
            trees = [f"{checkpoint.id}^{{tree}}", now]
            printed = self._git.run([*arguments, *(reversed(trees) if back else trees)])
            return printed.decode("utf-8", "replace")

    def restore(self, checkpoint: Checkpoint, note: Checkpoint, path: str | None) -> list[str]:
        """Put the folder, or one file of it, back; return the paths that changed.

        The state before is saved first. Files made since are removed, unless they are
        of a kind that is never saved.

        Raises:
            CheckpointError: The path is no file of the snapshot, or git failed.
        """
        directory = Path(checkpoint.directory)
        with self._locked():
            # `always` makes sure there is something to come back to.
            before = self._take(directory, note, (), always=True)
            assert before is not None
            kept = {name.encode("latin-1") for name in checkpoint.left_out}
            changes = [
                change
                for change in self._changes(before.id, checkpoint.id)
                if change[1] not in kept
            ]
            if path is not None:
                changes = [change for change in changes if change[1] == os.fsencode(path)]
                self._require(checkpoint, path)
            return self._put_back(directory, checkpoint, changes)

    def prune(self) -> int:
        """Drop snapshots beyond count, age and size; return how many."""
        if not (self._git.folder / "HEAD").exists():
            return 0
        with self._locked():
            saved = self._saved()
            dropped = self._outdated(saved)
            self._drop(dropped)
            kept = [entry for entry in saved if entry not in dropped]
            while len(kept) > 1 and self._size() > self._limits.max_total_bytes:
                count = max(1, len(kept) // 4)
                oldest, kept = kept[-count:], kept[:-count]
                self._drop(oldest)
                dropped += oldest
            return len(dropped)

    def forget(self, session_id: str) -> int:
        """Drop the snapshots of a conversation; return how many."""
        if not (self._git.folder / "HEAD").exists():
            return 0
        with self._locked():
            mine = [s for s in self._saved() if s.checkpoint.session_id == session_id]
            self._drop(mine)
            return len(mine)

    def size_bytes(self) -> int:
        """What the store takes on disk."""
        return self._size() if (self._git.folder / "HEAD").exists() else 0

    # --- taking ----------------------------------------------------------------------

    def _take(
        self, directory: Path, note: Checkpoint, touched: Sequence[Path], *, always: bool
    ) -> Checkpoint | None:
        tree, left_out = self._tree_now(directory, touched)
        earlier = [s for s in self._saved() if s.checkpoint.directory == str(directory)]
        files = added = removed = 0
        if earlier:
            last = earlier[0].checkpoint.id
            if not always and self._git.text(["rev-parse", f"{last}^{{tree}}"]) == tree:
                return None
            files, added, removed = self._counts(last, tree)
        note = msgspec.structs.replace(
            note,
            directory=str(directory),
            files_changed=files,
            added=added,
            removed=removed,
            left_out=tuple(sorted(name.decode("latin-1") for name in left_out)),
        )
        commit = self._git.text(["commit-tree", tree], data=msgspec.json.encode(note))
        self._git.run(["update-ref", f"{_REFS}/{_project(directory)}/{time.time_ns()}", commit])
        return msgspec.structs.replace(note, id=commit)

    def _tree_now(self, directory: Path, touched: Sequence[Path]) -> tuple[str, list[bytes]]:
        """Bring the folder's index up to date; return its tree and what is left out."""
        index = self._git.folder / f"index-{_project(directory)}"
        try:
            return self._index_and_write(directory, index, touched)
        except CheckpointError:
            # An index may name objects that were pruned since: start over once.
            if not index.exists():
                raise
            index.unlink()
            return self._index_and_write(directory, index, touched)

    def _index_and_write(
        self, directory: Path, index: Path, touched: Sequence[Path]
    ) -> tuple[str, list[bytes]]:
        listing = ["ls-files", "-z", "--others", "--modified", "--exclude-standard"]
        if self._closed.is_relative_to(directory):
            listing.append(f"--exclude=/{self._closed.relative_to(directory)}")
        found = self._git.run(listing, tree=directory, index=index).split(b"\0")
        names = {name for name in found if name and not name.endswith(b"/")}
        names |= {name for path in touched if (name := _forced(directory, path))}
        known = self._git.run(["ls-files", "-z"], tree=directory, index=index).count(b"\0")
        if known + len(names) > self._limits.max_files:
            raise CheckpointError(f"{directory} has more than {self._limits.max_files} files")
        saved, left_out = self._sorted_out(directory, names)
        for arguments, batch in (
            (["update-index", "-z", "--add", "--remove", "--stdin"], saved),
            (["update-index", "-z", "--force-remove", "--stdin"], left_out),
        ):
            if batch:
                data = b"".join(name + b"\0" for name in sorted(batch))
                self._git.run(arguments, data=data, tree=directory, index=index)
        return self._git.text(["write-tree"], tree=directory, index=index), left_out

    def _sorted_out(self, directory: Path, names: set[bytes]) -> tuple[list[bytes], list[bytes]]:
        saved: list[bytes] = []
        left_out: list[bytes] = []
        total = 0
        base = os.fsencode(directory)
        for name in names:
            try:
                status = os.lstat(os.path.join(base, name))  # noqa: PTH118  names of any bytes
            except OSError:
                saved.append(name)  # gone: update-index --remove takes it out
                continue
            is_file = stat.S_ISREG(status.st_mode)
            readable = not is_file or os.access(os.path.join(base, name), os.R_OK)  # noqa: PTH118
            if status.st_size > self._limits.max_file_bytes or not readable:
                left_out.append(name)
            else:
                saved.append(name)
                total += status.st_size
        if total > self._limits.max_total_bytes:
            raise CheckpointError(f"{directory} is larger than all checkpoints may be")
        return saved, left_out

    def _counts(self, old: str, new: str) -> tuple[int, int, int]:
        rows = self._git.text(["diff-tree", "-r", "--numstat", f"{old}^{{tree}}", new]).split("\n")
        cells = [row.split("\t") for row in rows if row]
        return (
            len(cells),
            sum(int(row[0]) for row in cells if row[0] != "-"),
            sum(int(row[1]) for row in cells if row[1] != "-"),
        )

    # --- restoring -------------------------------------------------------------------

    def _changes(self, old: str, new: str) -> list[tuple[str, bytes]]:
        """Status letter and path of what differs, as seen from `old`."""
        raw = self._git.run(
            ["diff-tree", "-r", "-z", "--name-status", "--no-renames", f"{old}^{{tree}}", new]
        )
        fields = raw.split(b"\0")
        return [(fields[n].decode(), fields[n + 1]) for n in range(0, len(fields) - 1, 2)]

    def _require(self, checkpoint: Checkpoint, path: str) -> None:
        arguments = ["ls-tree", "-z", "--name-only", checkpoint.id, "--", path]
        if not self._git.run(arguments).strip(b"\0"):
            raise CheckpointError(f"{path} is not in this checkpoint")

    def _put_back(
        self, directory: Path, checkpoint: Checkpoint, changes: Sequence[tuple[str, bytes]]
    ) -> list[str]:
        base = os.fsencode(directory)
        removed = [name for status, name in changes if status == "D"]
        written = [name for status, name in changes if status != "D"]
        for name in removed:
            _remove(base, name)
        modes = {name: mode for name in written if (mode := _mode(base, name)) is not None}
        if written:
            index = self._git.folder / "index-restore"
            index.unlink(missing_ok=True)
            self._git.run(["read-tree", checkpoint.id], tree=directory, index=index)
            self._git.run(
                ["checkout-index", "-f", "-z", "--stdin"],
                data=b"".join(name + b"\0" for name in written),
                tree=directory,
                index=index,
            )
            index.unlink(missing_ok=True)
        for name, mode in modes.items():
            _keep_mode(base, name, mode)
        return sorted(os.fsdecode(name) for name in (*removed, *written))

    # --- keeping ---------------------------------------------------------------------

    def _saved(self) -> list[_Saved]:
        """Every snapshot, newest first."""
        raw = self._git.run(
            ["for-each-ref", "--format=%(refname)%00%(objectname)%00%(contents)%00%00", _REFS]
        )
        found = []
        for record in raw.split(b"\0\0"):
            fields = record.strip(b"\n").split(b"\0")
            if len(fields) == 3:
                note = msgspec.json.decode(fields[2].strip(), type=Checkpoint)
                checkpoint = msgspec.structs.replace(note, id=fields[1].decode())
                found.append(_Saved(ref=fields[0].decode(), checkpoint=checkpoint))
        return sorted(found, key=lambda s: int(s.ref.rpartition("/")[2]), reverse=True)

    def _outdated(self, saved: Sequence[_Saved]) -> list[_Saved]:
        oldest = time.time() - self._limits.max_age_s
        kept: dict[str, int] = {}
        dropped = []
        for entry in saved:
            directory = entry.checkpoint.directory
            kept[directory] = kept.get(directory, 0) + 1
            if kept[directory] > self._limits.max_snapshots or entry.checkpoint.created_at < oldest:
                dropped.append(entry)
        return dropped

    def _drop(self, entries: Sequence[_Saved]) -> None:
        if not entries:
            return
        data = "".join(f"delete {entry.ref}\n" for entry in entries).encode()
        self._git.run(["update-ref", "--stdin"], data=data)
        left = {s.ref.split("/")[2] for s in self._saved()}
        for index in self._git.folder.glob("index-*"):
            if index.name.removeprefix("index-") not in left:
                index.unlink(missing_ok=True)
        self._git.run(["prune", "--expire=now"])

    def _size(self) -> int:
        rows = self._git.text(["count-objects", "-v"]).split("\n")
        sizes = dict(row.split(": ", 1) for row in rows)
        return (int(sizes["size"]) + int(sizes["size-pack"])) * 1024

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the store against other threads and processes.

        Raises:
            CheckpointError: Somebody else held it for too long.
        """
        self._git.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        deadline = time.monotonic() + self._limits.timeout_s
        with (self._git.folder / "hermes.lock").open("w") as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if time.monotonic() > deadline:
                        raise CheckpointError("the checkpoints are in use") from error
                    time.sleep(_LOCK_POLL_S)
            self._git.create()
            yield


def _project(directory: Path) -> str:
    return hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]


def _forced(directory: Path, path: Path) -> bytes | None:
    """The name of a touched file inside the folder, unless it is never saved."""
    if not path.is_relative_to(directory) or path.is_dir() or not os.path.lexists(path):
        return None
    relative = path.relative_to(directory)
    if any(fnmatch.fnmatch(part, rule) for part in relative.parts for rule in EXCLUDED):
        return None
    return os.fsencode(relative)


def _remove(base: bytes, name: bytes) -> None:
    """Delete a file and the folders it leaves empty, up to the base."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(base, name))  # noqa: PTH108, PTH118  names of any bytes
    folder = os.path.dirname(name)  # noqa: PTH120
    while folder:
        try:
            os.rmdir(os.path.join(base, folder))  # noqa: PTH106, PTH118
        except OSError:
            return  # not empty
        folder = os.path.dirname(folder)  # noqa: PTH120


def _mode(base: bytes, name: bytes) -> int | None:
    try:
        status = os.lstat(os.path.join(base, name))  # noqa: PTH118
    except OSError:
        return None
    return stat.S_IMODE(status.st_mode) if stat.S_ISREG(status.st_mode) else None


def _keep_mode(base: bytes, name: bytes, mode: int) -> None:
    """Give a restored file its former mode; only the bit git keeps may differ."""
    path = os.path.join(base, name)  # noqa: PTH118
    status = os.lstat(path)
    if stat.S_ISREG(status.st_mode):
        runs = status.st_mode & 0o111
        os.chmod(path, (mode & ~0o111) | (mode & 0o111 or runs if runs else 0))  # noqa: PTH101
