"""What kind of disk the home lies on.

SQLite's locks and shared memory do not work on network file systems.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import psutil

_NETWORK = {"nfs", "nfs3", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afpfs", "afs", "9p"}
_NETWORK |= {"fuse.sshfs", "fuse.rclone", "davfs", "fuse.davfs2", "webdav", "ncpfs"}


def mounts() -> list[tuple[str, str]]:
    """Every mount point with the type of its file system."""
    return [(part.mountpoint, part.fstype) for part in psutil.disk_partitions(all=True)]


def network_filesystem(path: Path, table: Iterable[tuple[str, str]]) -> str | None:
    """Return the type of the network file system `path` lies on, or None for a local disk.

    Args:
        path: Need not exist; symbolic links are followed.
        table: Pairs of mount point and type; a later entry hides an equal earlier one.
    """
    resolved = path.resolve()
    depth, kind = -1, ""
    for mountpoint, fstype in table:
        place = Path(mountpoint)
        if resolved.is_relative_to(place) and len(place.parts) >= depth:
            depth, kind = len(place.parts), fstype.lower()
    return kind if kind in _NETWORK else None
