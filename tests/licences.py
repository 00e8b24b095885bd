"""What is installed with the program: names, licences, sizes, from the installed metadata.

`python -m tests.licences docs/licences.md` writes the page anew.
"""

from __future__ import annotations

import importlib.metadata
import re
import sys
from importlib.metadata import Distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROGRAM = "hermes-tui"
ALLOWED = frozenset(
    {
        "0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT",
        "MIT-0", "MPL-2.0", "PSF-2.0", "Python-2.0", "Unlicense", "Zlib",
    }
)  # fmt: skip
"""Licences a distribution of the core may have."""

_NAMES = {
    "mit license": "MIT",
    "the mit license": "MIT",
    "apache software license": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "bsd license": "BSD",
    "bsd 3-clause license": "BSD-3-Clause",
    "isc license (iscl)": "ISC",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
    "the unlicense (unlicense)": "Unlicense",
}
_HEAD = """\
# Licences

<!-- Written from the installed metadata: python -m tests.licences docs/licences.md -->

hermes-tui is under the MIT licence. It installs the distributions below; all are permissive
or under the MPL. Nothing under the GPL or AGPL is used.

| Distribution | Licence |
|---|---|
"""


def closure(name: str = PROGRAM) -> dict[str, Distribution]:
    """Return what a distribution needs, without extras, itself left out."""
    found: dict[str, Distribution] = {}
    waiting = [(name, frozenset[str]())]
    while waiting:
        current, extras = waiting.pop()
        distribution = importlib.metadata.distribution(current)
        for line in distribution.requires or []:
            wanted = Requirement(line)
            marker = wanted.marker
            if marker and not any(marker.evaluate({"extra": extra}) for extra in extras | {""}):
                continue
            key = canonicalize_name(wanted.name)
            if key not in found or wanted.extras:
                found[key] = importlib.metadata.distribution(wanted.name)
                waiting.append((wanted.name, frozenset(wanted.extras)))
    return dict(sorted(found.items()))


def licences_of(distribution: Distribution) -> frozenset[str]:
    """Return every licence its metadata names, as SPDX names where they are known."""
    metadata = distribution.metadata
    for expression in metadata.get_all("License-Expression") or []:
        return _parts(expression)
    tails = [
        value.rsplit(" :: ", 1)[1]
        for value in metadata.get_all("Classifier") or []
        if value.startswith("License :: ") and value != "License :: OSI Approved"
    ]
    if not tails:
        texts = metadata.get_all("License") or []
        tails = [text.strip().splitlines()[0] for text in texts if text.strip()] or ["unknown"]
    named = (_NAMES.get(tail.lower(), tail) for tail in tails)
    return frozenset[str]().union(*map(_parts, named))


def _parts(expression: str) -> frozenset[str]:
    return frozenset(re.split(r"\s+(?:AND|OR)\s+|[()]", expression)) - {""}


def size_of(distribution: Distribution) -> int:
    """Return the bytes its files take."""
    total = 0
    for file in distribution.files or []:
        place = Path(str(file.locate()))
        if place.is_file() and "__pycache__" not in place.parts:
            total += place.stat().st_size
    return total


def page() -> str:
    """Return the text of the page."""
    rows = (
        f"| {name} | {', '.join(sorted(licences_of(distribution)))} |\n"
        for name, distribution in closure().items()
    )
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
