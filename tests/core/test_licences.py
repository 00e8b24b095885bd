"""What comes with an installation stays small and free to use."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.licences import ALLOWED, closure, licences_of, page, size_of

ROOT = Path(__file__).parents[2]


@pytest.mark.ac("install-size")
def test_the_core_installs_at_most_60_distributions_and_200_megabytes() -> None:
    needed = closure()

    assert 10 < len(needed) <= 60
    assert 10 << 20 < sum(size_of(one) for one in needed.values()) <= 200 << 20


@pytest.mark.ac("install-licences")
def test_every_distribution_has_a_licence_that_is_allowed() -> None:
    refused = {
        name: licences_of(one) - ALLOWED
        for name, one in closure().items()
        if not licences_of(one) <= ALLOWED
    }

    assert refused == {}


@pytest.mark.ac("install-licences")
def test_the_page_lists_what_is_installed() -> None:
    written = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8").splitlines()

    # Another Python or platform may need fewer distributions than the page lists.
    assert set(page().splitlines()) - set(written) == set()


def test_everything_needed_is_pinned_and_no_registry_is_named() -> None:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pinned = {canonicalize_name(Requirement(line).name) for line in text.splitlines()}

    assert set(closure()) - pinned == set()
    assert "://" not in text
    assert all("==" in line for line in text.splitlines())
