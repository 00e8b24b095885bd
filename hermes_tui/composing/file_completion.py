"""What the composer offers after `@` and for paths."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from hermes_core.agent.references.parsing import KINDS
from hermes_tui.composing.project_files import in_folder
from hermes_tui.matching import fuzzy
from hermes_widgets.composing.composer_menu import Completion
from hermes_widgets.fitting import clean

_WORD = re.compile(r"(?:^|\s)(\S+)\Z")
_PLAIN = re.compile(r"[\w./~@+=:,-]*")
SHOWN = 30
_OPEN = ("file", "folder", "git")
"""Kinds that want something behind a colon."""


def last_word(draft: str) -> str:
    """Return the word that is being typed, empty after a space."""
    found = _WORD.search(draft)
    return found.group(1) if found else ""


def mention(draft: str) -> str | None:
    """Return what follows the `@` that is being typed, None if there is none."""
    word = last_word(draft)
    return word[1:] if word.startswith("@") and not word.startswith("@@") else None


def is_path(word: str) -> bool:
    """Whether a word reads like a path that is being typed."""
    return word.startswith(("./", "../", "~/", "/")) or ("/" in word and "://" not in word)


def reference_completions(draft: str, names: Sequence[str]) -> list[Completion]:
    """Offer what may follow an `@`: the kinds of reference, then files and folders.

    Args:
        draft: The whole draft up to the cursor.
        names: Paths relative to the working folder.
    """
    wanted = mention(draft)
    if wanted is None:
        return []
    before = draft[: len(draft) - len(wanted) - 1]
    kind, colon, rest = wanted.partition(":")
    if colon:
        if kind == "folder":
            return _named(before, "folder", rest, folders(names))
        return _named(before, "file", rest, names) if kind == "file" else []
    kinds = [
        Completion(
            insert=f"{before}@{name}{':' if name in _OPEN else ' '}",
            label=f"@{name}{':' if name in _OPEN else ''}",
            note=about,
        )
        for name, about in KINDS.items()
        if name.startswith(wanted)
    ]
    return [*kinds, *_named(before, "file", wanted, names)][:SHOWN]


def folders(names: Sequence[str]) -> list[str]:
    """Return the folders that files lie in, near ones first."""
    found = {str(parent) for name in names for parent in PurePosixPath(name).parents}
    return sorted(found - {"."}, key=lambda name: (name.count("/"), name))


def _named(before: str, kind: str, wanted: str, names: Sequence[str]) -> list[Completion]:
    """Offer paths that have the letters, the best first.

    The name counts more than the folders before it.
    """
    wanted = wanted.strip("\"'`")
    scored = []
    for at, name in enumerate(names):
        score, offsets = fuzzy(name, wanted) if wanted else (1.0, ())
        if not score:
            continue
        in_name, _ = fuzzy(name.rpartition("/")[2], wanted) if wanted else (0.0, ())
        scored.append((-score - 2 * in_name, at, offsets))
    return [
        Completion(
            insert=f"{before}@{kind}:{_quoted(names[at])} ",
            label=clean(names[at]),
            matches=tuple(offsets),
        )
        for _, at, offsets in sorted(scored, key=lambda item: item[:2])[:SHOWN]
    ]


def path_completions(draft: str, root: Path) -> list[Completion]:
    """Offer what the path that is being typed may become; looks into one folder."""
    word = last_word(draft)
    if not is_path(word) or (draft == word and word.count("/") == 1 and word.startswith("/")):
        return []
    before = draft[: len(draft) - len(word)]
    return [
        Completion(insert=before + path, label=clean(path), note=note, takes_enter=False)
        for path, note in in_folder(root, word, SHOWN)
        if path != word
    ]


def _quoted(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else f'"{name}"'
