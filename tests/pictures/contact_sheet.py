"""All pictures on one page: `python -m tests.pictures.contact_sheet` writes it anew."""

from __future__ import annotations

from html import escape
from pathlib import Path

from tests.snapshot_location import SNAPSHOTS

PAGE = SNAPSHOTS / "index.html"
MOST = 90
"""More pictures than that nobody looks at."""
_HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>hermes: pictures of the screen</title>
<style>
  body { background: #13110e; color: #ede5d3; font: 15px/1.5 system-ui, sans-serif; margin: 2rem; }
  h2 { font-weight: 600; margin: 2.5rem 0 1rem; }
  main { display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fill, minmax(26rem, 1fr)); }
  figure { margin: 0; }
  figcaption { color: #b0a793; padding-top: .25rem; }
  img { width: 100%; }
</style>
<h1>Pictures of the screen</h1>
<p>Drawn by the tests below <code>tests/pictures/</code> and compared by every run.</p>
"""
_ABOUT = {"states": "States", "skins": "Six states in every skin, and without colours"}


def pictures() -> list[Path]:
    """Every picture there is, in the order of the page."""
    return [path for group in _ABOUT for path in sorted((SNAPSHOTS / group).glob("*.svg"))]


def page() -> str:
    """Return the page for the pictures there are."""
    parts = [_HEAD]
    for group, title in _ABOUT.items():
        parts.append(f"<h2>{escape(title)}</h2>\n<main>\n")
        for path in pictures():
            if path.parent.name == group:
                place = escape(f"{group}/{path.name}")
                name = escape(path.stem)
                parts.append(
                    f'  <figure><a href="{place}"><img loading="lazy" src="{place}" alt="{name}">'
                    f"</a><figcaption>{name}</figcaption></figure>\n"
                )
        parts.append("</main>\n")
    parts.append("</html>\n")
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
