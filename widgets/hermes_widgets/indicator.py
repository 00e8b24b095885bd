"""What turns in the status row while the agent works, always equally wide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from rich.cells import cell_len

from hermes_skins.schema import Skin
from hermes_widgets.fitting import pad

IndicatorKind = Literal["kaomoji", "emoji", "unicode", "ascii"]
ASCII_FRAMES = "-\\|/"
MOONS = "🌑🌒🌓🌔🌕🌖🌗🌘"
STILL = "●"
FACE_S = 3
"""How long a face stays, in seconds."""
_IDLE_WORDS = frozenset(("", "thinking", "working"))
"""What the state says when it has nothing to say; the skin's verbs are better then."""


def sign(kind: IndicatorKind, skin: Skin, frame: int, *, still: bool) -> str:
    """Return the turning sign: one cell, two for the moon.

    Args:
        kind: The chosen set.
        skin: Has the frames.
        frame: Counts tenths of a second.
        still: Nothing turns.
    """
    match kind:
        case "ascii":
            return "*" if still else ASCII_FRAMES[frame % len(ASCII_FRAMES)]
        case "emoji":
            return MOONS[4] if still else MOONS[frame // 2 % len(MOONS)]
        case _:
            frames = skin.spinner.frames
            return STILL if still else frames[frame % len(frames)]


def face(skin: Skin, frame: int, *, waiting: bool, still: bool) -> str:
    """Return the face between its wings, padded to the widest of its set."""
    spinner = skin.spinner
    faces = spinner.waiting_faces if waiting else spinner.thinking_faces
    winged = _winged(faces, spinner.wings)
    if not winged:
        return ""
    at = 0 if still else frame // (FACE_S * 10)
    return pad(winged[at % len(winged)], max(cell_len(one) for one in winged))


def _winged(faces: Sequence[str], wings: Sequence[tuple[str, str]]) -> list[str]:
    if not wings:
        return list(faces)
    return [
        f"{wings[at % len(wings)][0]}{one}{wings[at % len(wings)][1]}"
        for at, one in enumerate(faces)
    ]


def verb(word: str, skin: Skin, since: float | None) -> str:
    """Return what goes on; in place of an empty word one of the skin's, the same all turn."""
    verbs = skin.spinner.thinking_verbs
    if word not in _IDLE_WORDS or not verbs or since is None:
        return word
    return verbs[int(since) % len(verbs)]
