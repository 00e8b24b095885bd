"""Ground for the tests of this folder."""

from tests.plain_loop import plain_loop

__all__ = ["plain_loop"]
