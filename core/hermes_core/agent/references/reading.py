"""Reading what is referred to: files, folders, git. Nothing outside the working folder."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from hermes_core.agent.references.parsing import Reference
from hermes_core.errors import HermesError
from hermes_core.paths import expanded
from hermes_core.ports import CancelToken, Permissions

GIT_LIMIT_S = 30.0
MOST_ENTRIES = 200
_SNIFFED_BYTES = 4096
_GIT = ("--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
_PLAIN = ("--no-color", "--no-ext-diff", "--no-textconv")


class NotAttached(HermesError):
    """Why a reference brings nothing."""


class TooLarge(NotAttached):
    """It alone is more than may be attached; `chars` is how much, at least."""

    def __init__(self, chars: int) -> None:
        super().__init__(f"{chars} characters are too many")
        self.chars = chars


class Block(Struct, frozen=True):
    """What one reference brings."""

    title: str
    text: str
    fact: str
    """For people: `58 lines`."""


class Reader(Struct, frozen=True, kw_only=True):
    """Reads for one session.

    Args:
        root: The working folder; nothing outside it is read.
        permissions: The session's guard; knows which files hold secrets.
        max_chars: A single file with more is not read.
        cancel: Of the running turn; stops git.
    """

    root: Path
    permissions: Permissions
    max_chars: int
    cancel: CancelToken

    async def read(self, reference: Reference) -> Block:
        """Read one reference.

        Raises:
            NotAttached: It is not there, not allowed, or no text.
        """
        match reference.kind:
            case "file":
                return await asyncio.to_thread(self._file, reference)
            case "folder":
                return await asyncio.to_thread(self._folder, reference)
            case "diff":
                return await self._changes(reference, ["diff", *_PLAIN])
            case "staged":
                return await self._changes(reference, ["diff", "--staged", *_PLAIN])
            case "git":
                count = str(reference.count)
                return await self._changes(reference, ["log", "-n", count, "-p", *_PLAIN])

    # --- files and folders -----------------------------------------------------------------

    def _allowed(self, written: str) -> Path:
        root = self.root.resolve()
        try:
            full = (root / expanded(written)).resolve()
        except (OSError, ValueError, RuntimeError) as error:
            raise NotAttached("the path cannot be resolved") from error
        if not full.is_relative_to(root):
            raise NotAttached("path is outside the allowed workspace")
        if full.exists() and not (full.is_file() or full.is_dir()):
            raise NotAttached("path is not a file")  # a pipe would be waited for
        try:
            return self.permissions.readable(full)
        except HermesError as error:
            text = "path is a sensitive credential file and cannot be attached"
            raise NotAttached(text) from error

    def _file(self, reference: Reference) -> Block:
        path = self._allowed(reference.path)
        if path.is_dir():
            raise NotAttached("path is not a file")
        try:
            size = path.stat().st_size
            if not reference.first and size > self.max_chars * 4:
                raise TooLarge(size)
            with path.open("rb") as file:
                if b"\0" in file.read(_SNIFFED_BYTES):
                    raise NotAttached("binary files are not supported")
            text, count = self._lines(path, reference)
        except FileNotFoundError as error:
            raise NotAttached("file not found") from error
        except OSError as error:
            raise NotAttached(f"it cannot be read: {error.strerror}") from error
        language = path.suffix.removeprefix(".")
        fence = "`" * max(3, _longest_fence(text) + 1)
        fact = _count(count, "line", "lines")
        return Block(reference.label, f"{fence}{language}\n{text}\n{fence}", fact)

    def _lines(self, path: Path, reference: Reference) -> tuple[str, int]:
        kept: list[str] = []
        chars = 0
        with path.open(encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, 1):
                if reference.first and number > reference.last:
                    break
                if number < reference.first:
                    continue
                kept.append(line.rstrip("\n"))
                chars += len(line)
                if chars > self.max_chars:
                    raise TooLarge(chars)
        if not kept and reference.first:
            raise NotAttached("the file has no such lines")
        return "\n".join(kept), len(kept)

    def _folder(self, reference: Reference) -> Block:
        path = self._allowed(reference.path)
        if not path.is_dir():
            raise NotAttached("folder not found")
        lines: list[str] = []
        self._tree(path, 0, lines)
        fact = _count(len(lines), "entry", "entries")
        if len(lines) > MOST_ENTRIES:
            lines = [*lines[:MOST_ENTRIES], "- ..."]
            fact = f"more than {MOST_ENTRIES} entries"
        return Block(reference.label, "\n".join(lines) or "(empty)", fact)

    def _tree(self, folder: Path, depth: int, lines: list[str]) -> None:
        try:
            entries = sorted(os.scandir(folder), key=lambda one: (one.is_file(), one.name))
        except OSError:
            return  # a folder one may not read has nothing to show
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if len(lines) > MOST_ENTRIES:
                return
            if entry.is_dir(follow_symlinks=False):
                lines.append(f"{'  ' * depth}- {entry.name}/")
                self._tree(Path(entry.path), depth + 1, lines)
            else:
                lines.append(f"{'  ' * depth}- {entry.name}{_count_of(entry)}")

    # --- git -------------------------------------------------------------------------------

    async def _changes(self, reference: Reference, words: list[str]) -> Block:
        text = await self._git(words)
        if len(text) > self.max_chars:
            raise TooLarge(len(text))
        if not text.strip():
            raise NotAttached("there are no changes" if words[0] == "diff" else "no commits")
        fact = _count(text.count("\n"), "line", "lines")
        return Block(reference.label, f"```diff\n{text.rstrip()}\n```", fact)

    async def _git(self, words: list[str]) -> str:
        environ: Mapping[str, str] = {
            **self.permissions.child_environment(),
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_TERMINAL_PROMPT": "0",
        }
        try:
            process = await asyncio.create_subprocess_exec(
                "git",
                *_GIT,
                *words,
                cwd=self.root,
                env=environ,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            raise NotAttached(f"git cannot be started: {error.strerror}") from error
        forget = self.cancel.on_set(lambda: _kill(process))
        try:
            async with asyncio.timeout(GIT_LIMIT_S):
                printed, complaint = await process.communicate()
        except TimeoutError as error:
            _kill(process)
            await process.wait()
            raise NotAttached(f"git command timed out ({GIT_LIMIT_S:.0f}s)") from error
        finally:
            forget()
        if process.returncode:
            said = complaint.decode("utf-8", "replace").strip().splitlines()
            raise NotAttached(said[0] if said else "git failed")
        return printed.decode("utf-8", "replace")


def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()


def _count(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


def _longest_fence(text: str) -> int:
    runs = [len(line) - len(line.lstrip("`")) for line in text.splitlines()]
    return max([run for run in runs if run >= 3], default=2)


def _count_of(entry: os.DirEntry[str]) -> str:
    """Return ` (58 lines)` for a text of moderate size."""
    try:
        if not entry.is_file() or entry.stat().st_size > 1_000_000:
            return ""
        data = Path(entry.path).read_bytes()
    except OSError:
        return ""
    if b"\0" in data[:_SNIFFED_BYTES]:
        return ""
    count = data.count(b"\n") + (not data.endswith(b"\n") and bool(data))
    return f" ({_count(count, 'line', 'lines')})"
