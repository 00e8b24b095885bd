"""Getting ready for the first reply while nothing else has to be done."""

from __future__ import annotations

from hermes_widgets.markdown.highlighting import code_lines
from hermes_widgets.markdown.nodes import parse


def warm_up() -> None:
    """Load the parser and the lexers people meet first; takes about 0.2 s, in a thread."""
    parse("a `b` https://example.org")
    for language in ("python", "bash", "json"):
        code_lines("a", language=language)
