"""Control sequences on their way through tmux and screen to the terminal behind them."""

from __future__ import annotations

from collections.abc import Mapping

ESC = "\x1b"
END = "\x1b\\"
"""Ends a sequence that carries text."""
_SCREEN_PIECE = 700
"""Characters; screen drops a longer pass-through string."""


def is_remote(environ: Mapping[str, str]) -> bool:
    """Whether this runs at the far end of an SSH connection."""
    return any(name.startswith("SSH_") for name in environ)


def multiplexer(environ: Mapping[str, str]) -> str:
    """Return `tmux`, `screen` or, with neither around the program, an empty text."""
    if environ.get("TMUX"):
        return "tmux"
    return "screen" if environ.get("STY") else ""


def through_tmux(sequence: str) -> str:
    """Wrap a sequence so that tmux hands it on.

    Where `allow-passthrough` is off, tmux drops the whole of it and shows nothing.
    """
    doubled = sequence.replace(ESC, ESC * 2)
    return f"{ESC}Ptmux;{doubled}{END}"


def through_screen(sequence: str) -> str:
    """Wrap a sequence so that screen hands it on, in pieces it takes.

    The sequence must end with BEL: the usual end would end the first piece.
    """
    pieces = (sequence[at : at + _SCREEN_PIECE] for at in range(0, len(sequence), _SCREEN_PIECE))
    return "".join(f"{ESC}P{piece}{END}" for piece in pieces)


def through(sequence: str, environ: Mapping[str, str]) -> str:
    """Wrap a sequence that ends with BEL for whatever lies around the program."""
    match multiplexer(environ):
        case "tmux":
            return through_tmux(sequence)
        case "screen":
            return through_screen(sequence)
        case _:
            return sequence
