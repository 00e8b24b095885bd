"""Long outputs and whole changes: read from where they lie, searched, gone through by key."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.widget import Widget

from hermes_core.events import FileDiff
from hermes_themes.roles import LAMPLIGHT
from hermes_themes.variables import variables
from hermes_tui.result_text import readable
from hermes_widgets.blocks.patches import file_diffs
from hermes_widgets.paging.changes_view import ChangesView
from hermes_widgets.paging.line_source import FileLines, TextLines
from hermes_widgets.paging.pager import Pager
from hermes_widgets.theme import use_palette
from tests.support import until
from tests.widgets.transcript_stage import DIFF


class _One(App[None]):
    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self._one = widget

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return variables(LAMPLIGHT)

    def compose(self) -> ComposeResult:
        yield self._one

    def on_mount(self) -> None:
        use_palette(self, LAMPLIGHT)
        self._one.focus()


def _shown(view: Pager | ChangesView) -> list[str]:
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


@pytest.mark.ac("pager-from-disk")
def test_lines_of_a_file_are_those_of_its_text(tmp_path: Path) -> None:
    words = [f"line {number} \x1b[31mred\x1b[0m" for number in range(1_000)]
    path = tmp_path / "spill.txt"
    path.write_text("\n".join(words))
    from_file, from_text = FileLines(path), TextLines("\n".join(words))
    assert from_file.count == from_text.count == 1_000
    for first in (0, 255, 256, 700, 998):
        assert from_file.lines(first, 5) == from_text.lines(first, 5)
    assert from_file.lines(300, 1) == ["line 300 red"]
    assert from_file.find("LINE 99") == from_text.find("LINE 99") == [99, *range(990, 1_000)]
    path.write_text("")
    assert FileLines(path).count == 0


@pytest.mark.ac("pager-from-disk")
async def test_a_pager_goes_to_what_was_found_and_moves_sideways() -> None:
    pager = Pager(TextLines("\n".join([*(f"row {n}" for n in range(500)), "x" * 90 + "END"])))
    async with _One(pager).run_test(size=(40, 12)) as pilot:
        await until(lambda: pager.max_scroll_y > 0 and pager.show_vertical_scrollbar)
        await pilot.pause()
        assert _shown(pager)[0] == " row 0"
        pager.show_found("row 40", pager._source.find("row 40"))
        await until(lambda: " row 40" in _shown(pager))
        await pilot.press("n")
        await until(lambda: " row 400" in _shown(pager))
        await pilot.press("G", *["right"] * 8)
        await until(lambda: _shown(pager)[-1].endswith("END"))


@pytest.mark.ac("diff-screen")
async def test_changes_are_gone_through_by_hunk_and_by_file() -> None:
    other = FileDiff(
        path="docs/[b]notes.md",
        unified="--- a/n\n+++ b/n\n@@ -1,1 +1,2 @@\n intro\n+more",
        added=1,
        removed=0,
    )
    page = ChangesView((DIFF, other, DIFF, DIFF))
    async with _One(page).run_test(size=(80, 12)) as pilot:
        await until(lambda: page.max_scroll_y > 0)
        assert "src/sync/retry.py" in _shown(page)[0]
        assert not page.is_split
        await pilot.pause()  # scrolled only once it is laid out
        await pilot.press("n")
        await until(lambda: page.top > 0)
        assert any("except OSError" in row for row in _shown(page)[:4])
        await pilot.press("tab")
        await until(lambda: "docs/[b]notes.md" in _shown(page)[0])
        await pilot.press("shift+tab")
        await until(lambda: "retry.py" in _shown(page)[0])
        await pilot.press("s")
        await until(lambda: page.is_split)
        assert any("╱" in row for row in _shown(page))


def test_a_stored_answer_is_read_as_the_text_inside_it() -> None:
    stored = '{"output": "one\\ntwo", "exit_code": 1, "error": null}'
    assert readable(stored) == "exit_code: 1\n\none\ntwo"
    assert readable('{"hits": [1, 2]}') == '{\n  "hits": [\n    1,\n    2\n  ]\n}'
    assert readable("{ not json") == "{ not json"
    assert readable("plain") == "plain"


def test_a_diff_over_several_files_is_taken_apart() -> None:
    text = (
        "diff --git a/one.py b/one.py\nindex 1..2 100644\n--- a/one.py\n+++ b/one.py\n"
        "@@ -1 +1 @@\n-old\n+new\n"
        "diff --git a/gone.py b/gone.py\ndeleted file mode 100644\n--- a/gone.py\n+++ /dev/null\n"
        "@@ -1 +0,0 @@\n-last\n"
    )
    diffs = file_diffs(text)
    assert [(d.path, d.added, d.removed) for d in diffs] == [("one.py", 1, 1), ("gone.py", 0, 1)]
    assert "diff --git" not in diffs[0].unified
    assert file_diffs("no diff at all") == ()
