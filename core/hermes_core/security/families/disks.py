"""Disks and file systems."""

from __future__ import annotations

from collections.abc import Iterator

from hermes_core.security.command_line import Command
from hermes_core.security.rules import Finding, Scene, rule


@rule
def disk_tools(command: Command, scene: Scene) -> Iterator[Finding]:
    """Tools that write disks or images."""
    if command.name == "dd" and any(t.startswith(("if=", "of=")) for t in command.texts):
        yield Finding("disk copy", "copies raw data to a disk or file", command.fragment)
    if command.name in ("mkswap", "fdisk", "sfdisk", "parted", "sgdisk", "wipefs", "blkdiscard"):
        yield Finding("format filesystem", "changes what is on a disk", command.fragment)
