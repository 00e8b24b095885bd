"""A command line once it is read: simple commands, redirects, and where they run."""

from __future__ import annotations

import posixpath

from msgspec import Struct, field

from hermes_core.security.words import Word


class Redirect(Struct, frozen=True):
    """`operator target` of a command; `body` is the text of a heredoc or here-string."""

    operator: str
    target: Word
    body: str = ""

    @property
    def writes(self) -> bool:
        """Whether it writes a file."""
        return ">" in self.operator and not self.target.text.isdigit() and self.target.text != "-"


class Command(Struct, frozen=True):
    """One simple command with its wrappers taken off."""

    words: tuple[Word, ...]
    fragment: str
    """As written, for showing."""
    redirects: tuple[Redirect, ...] = ()
    upstream: tuple[Command, ...] = ()
    """The commands whose output it reads, from the start of the pipeline."""
    wrapped_by: tuple[str, ...] = ()
    """Wrappers taken off, outermost first, e.g. `sudo`, `xargs`, `find -exec`."""
    wrapper_words: tuple[Word, ...] = ()
    """The words that were taken off with them."""
    assignments: tuple[str, ...] = ()
    cwd: str | None = None
    """Where it runs; None after a `cd` to somewhere unknown."""
    background: bool = False
    substitutions: tuple[Command, ...] = ()
    """What runs inside its words."""

    @property
    def name(self) -> str:
        """Base name in lower case; empty for a bare redirect."""
        return posixpath.basename(self.words[0].text).lower() if self.words else ""

    @property
    def args(self) -> tuple[Word, ...]:
        """The words after the name."""
        return self.words[1:]

    @property
    def texts(self) -> tuple[str, ...]:
        """The values of `args`."""
        return tuple(word.text for word in self.words[1:])

    @property
    def stdin_text(self) -> str:
        """What a heredoc or here-string feeds it."""
        return "\n".join(redirect.body for redirect in self.redirects if redirect.body)


class Script(Struct):
    """Everything one command line would run."""

    commands: list[Command] = field(default_factory=list)
    fork_bombs: list[str] = field(default_factory=list)
    """Functions that pipe into themselves."""
    unparseable: str = ""
    """Why it could not be read whole; empty if it could."""


def resolve(word: Word, *, cwd: str | None, home: str) -> str | None:
    """Return the absolute path a word names, by its text alone; None if unknown."""
    text = word.text
    if text.startswith("~") and not word.source.startswith(("'", '"', "\\")):
        user, _, rest = text[1:].partition("/")
        if user and user != posixpath.basename(home):
            base = "/root" if user == "root" else posixpath.join(posixpath.dirname(home), user)
        else:
            base = home
        text = posixpath.join(base, rest)
    if not text.startswith("/"):
        if cwd is None:
            return None
        text = posixpath.join(cwd, text)
    normal = posixpath.normpath(text)
    return "/" + normal.lstrip("/")
