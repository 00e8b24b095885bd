"""A picture out of the clipboard, through whichever program this machine has for it."""

from __future__ import annotations

import asyncio
import base64
import binascii
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from hermes_tui.terminal.wrapping import is_remote

LIMIT_S = 8.0
"""A clipboard program that takes longer hangs: its owner does not answer."""
_PNG = b"\x89PNG\r\n\x1a\n"
_WINDOWS = (
    "Add-Type -AssemblyName System.Windows.Forms,System.Drawing;"
    "$i=[Windows.Forms.Clipboard]::GetImage();"
    "if($i){$m=New-Object IO.MemoryStream;$i.Save($m,[Drawing.Imaging.ImageFormat]::Png);"
    "[Convert]::ToBase64String($m.ToArray())}"
)
_MAC = "get the clipboard as «class PNGf»"

Run = Callable[[Sequence[str]], Awaitable[bytes]]
"""Runs a program and returns what it printed; nothing if it failed."""


class Surroundings(Struct, frozen=True):
    """The machine, as far as clipboards go."""

    system: str
    """`darwin` or `linux`."""
    is_wsl: bool
    environ: Mapping[str, str]
    has: Callable[[str], bool]
    """Whether a program can be found."""


class Found(Struct, frozen=True):
    """A picture, or why there is none."""

    data: bytes = b""
    reason: str = ""


def surroundings(environ: Mapping[str, str]) -> Surroundings:
    """Look where we are; reads one small file."""
    try:
        kernel = Path("/proc/sys/kernel/osrelease").read_text("ascii", "replace").casefold()
    except OSError:
        kernel = ""
    return Surroundings(
        system="darwin" if sys.platform == "darwin" else "linux",
        is_wsl="microsoft" in kernel,
        environ=environ,
        has=lambda name: shutil.which(name, path=environ.get("PATH")) is not None,
    )


async def clipboard_image(here: Surroundings, run: Run | None = None) -> Found:
    """Return the picture in the clipboard as PNG.

    On WSL the clipboard is that of Windows, so its own shell is asked first: the Linux
    programs see bitmaps there or nothing.
    """
    run = run or _run
    ways = list(_ways(here))
    for way in ways:
        data = await way(run)
        if data.startswith(_PNG):
            return Found(data)
    if is_remote(here.environ):
        return Found(reason="Over SSH the clipboard is the far machine's; give a path: /image PATH")
    if not ways:
        return Found(reason=_missing(here))
    return Found(reason="There is no picture in the clipboard")


def _ways(here: Surroundings) -> Sequence[Callable[[Run], Awaitable[bytes]]]:
    found: list[Callable[[Run], Awaitable[bytes]]] = []
    if here.system == "darwin":
        if here.has("pngpaste"):
            found.append(lambda run: run(["pngpaste", "-"]))
        found.append(_from_mac)
        return found
    if here.is_wsl and here.has("powershell.exe"):
        found.append(_from_windows)
    if here.environ.get("WAYLAND_DISPLAY") and here.has("wl-paste"):
        found.append(lambda run: run(["wl-paste", "--no-newline", "--type", "image/png"]))
    if here.environ.get("DISPLAY") and here.has("xclip"):
        command = ["xclip", "-selection", "clipboard", "-target", "image/png", "-out"]
        found.append(lambda run: run(command))
    return found


def _missing(here: Surroundings) -> str:
    if here.is_wsl:
        return "No clipboard: powershell.exe is not in PATH"
    if here.environ.get("WAYLAND_DISPLAY"):
        return "Pictures need wl-paste: install wl-clipboard"
    if here.environ.get("DISPLAY"):
        return "Pictures need xclip: install it"
    return "There is no clipboard here: no display; give a path: /image PATH"


async def _from_windows(run: Run) -> bytes:
    text = await run(["powershell.exe", "-NoProfile", "-STA", "-Command", _WINDOWS])
    try:
        return base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        return b""


async def _from_mac(run: Run) -> bytes:
    """Read what osascript prints for a picture: `«data PNGf89504E…»`."""
    text = (await run(["osascript", "-e", _MAC])).decode("utf-8", "replace")
    _, mark, rest = text.partition("PNGf")
    try:
        return bytes.fromhex(rest.strip().removesuffix("»")) if mark else b""
    except ValueError:
        return b""


async def _run(words: Sequence[str]) -> bytes:
    try:
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return b""
    try:
        async with asyncio.timeout(LIMIT_S):
            printed, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return b""
    return printed if process.returncode == 0 else b""
