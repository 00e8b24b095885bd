"""What a request was understood as."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

Kind: TypeAlias = Literal[
    "list", "read", "write", "run", "search", "find", "remember", "tour", "about"
]


class Intent(Struct, frozen=True):
    """What is wanted, with the words it is about."""

    kind: Kind
    path: str = ""
    """`list`, `read`, `write`: file or folder. `search`, `find`: where."""
    text: str = ""
    """`write`: content. `run`: command. `search`: text. `find`: glob. `remember`: fact."""
    lines: int = 0
    """`read`: how many lines, 0 for the usual."""
