"""When Python looks for unreachable cycles: not during the start, and never in old code.

Measured with the core loaded: one look at everything takes 150 to 290 ms, during which
no key is drawn, and 0.3 s of a start. What is there once the core stands (modules,
classes, settings) and once a conversation is opened (its past) stays for long, so it
is left out from then on; a look at the rest takes a few milliseconds.

Python's collector belongs to the whole process. Where the program is one guest among
others, several in one process, nobody calls `begin`, and the collector stays as it is.
"""

from __future__ import annotations

import gc

_YOUNG = (700, 10)
"""As Python has them: a look at young objects takes 2 ms."""
_SELDOM = 100
"""Ten times as seldom: with the SDK of a provider loaded since, an old one takes 80 ms."""


def postpone() -> None:
    """Stop looking until `begin`."""
    gc.disable()


def begin() -> None:
    """Look again from now on, at what is made from now on."""
    gc.freeze()
    gc.set_threshold(*_YOUNG, _SELDOM)
    gc.enable()


def leave_out_present() -> None:
    """Look no more at what is there now, because it stays."""
    if _is_ours():
        gc.freeze()


def take_back() -> None:
    """Free what was left out and has gone since; takes as long as one look at everything."""
    if _is_ours():
        gc.unfreeze()
        gc.collect()
        gc.freeze()


def _is_ours() -> bool:
    return gc.get_threshold() == (*_YOUNG, _SELDOM)
