"""What stands below an opened tool line: arguments, output, the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from rich.cells import cell_len

from hermes_widgets.drawing.foreign import lines_of, one_line, output_lines
from hermes_widgets.drawing.pens import Pen, Run
from hermes_widgets.drawing.rows import Row, Sheet
from hermes_widgets.fitting import fit

PEEK_LINES = 2
"""Lines of output a failure shows by itself."""
OPEN_LINES = 200
"""Most lines of an opened line."""
PLAN_ITEMS = 8
"""Most items of a plan."""

_LINE = Pen("line")
_MUTED = Pen("muted")
_FAINT = Pen("faint")


def argument_rows(args: Mapping[str, Any], preview: str, sheet: Sheet) -> list[Row]:
    """What the call said beyond its preview; what is empty or off says nothing."""
    rows: list[Row] = []
    for key, value in args.items():
        if not value and (value is False or value in ("", [], (), {})):
            continue  # not 0, which is a number of something
        name = fit(one_line(key), max(4, sheet.text_width // 3))
        lines = lines_of(value if isinstance(value, str) else repr(value))
        if one_line("\n".join(lines)) == preview:
            continue
        more = f" · {len(lines) - 1} lines more" if len(lines) > 1 else ""
        room = sheet.text_width - 6 - cell_len(name) - cell_len(more)
        said = [(name + "  ", _FAINT), (fit(lines[0], max(4, room)), _MUTED), (more, _FAINT)]
        rows.append(_behind_thread(said, sheet))
    return rows


class Whole(Struct, frozen=True):
    """What there is of an output beside what is known here."""

    lines: int = 0
    """Lines of all of it; 0 if no more than is known here."""
    is_elsewhere: bool = False
    """Whether a file holds all of it."""


def output_rows(text: str, whole: Whole, sheet: Sheet, limit: int) -> list[Row]:
    """The end of the output behind a second thread.

    Args:
        text: What is known of it here.
        whole: What there is of it.
        sheet: The page.
        limit: Most lines.
    """
    lines = [line.rstrip() for line in output_lines(text)]
    lines = [line for line in lines if line] if limit == PEEK_LINES else lines
    while lines and not lines[-1]:
        lines.pop()
    shown = lines[-limit:]
    unknown = max(whole.lines - text.count("\n") - 1, 0)
    hidden = len(lines) - len(shown) + unknown
    room = sheet.text_width - 6
    rows = [_behind_thread([(fit(line, room), _MUTED)], sheet) for line in shown]
    more = f"{hidden} lines more" if hidden != 1 else "1 line more"
    is_whole_elsewhere = limit == OPEN_LINES and (whole.is_elsewhere or unknown > 0)
    if is_whole_elsewhere:
        more = f"{more} · v shows the whole" if hidden else "v shows the whole"
    if hidden or is_whole_elsewhere:
        suffix = f" {sheet.glyphs.dot} {more}"
        if shown and cell_len(shown[-1]) + cell_len(suffix) <= room:
            rows[-1] = _behind_thread([(shown[-1], _MUTED), (suffix, _FAINT)], sheet, "read")
        else:
            rows.append(_behind_thread([(fit(more, room), _FAINT)], sheet, "read"))
    return rows


def plan_rows(args: Mapping[str, Any], sheet: Sheet) -> list[Row]:
    """The items of the plan that a call wrote down, the one in hand bold."""
    found = args.get("todos")
    items = [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []
    looks = {
        "completed": (sheet.glyphs.done, Pen("ok"), _MUTED),
        "in_progress": (sheet.glyphs.folded, Pen("gold"), Pen("text", bold=True)),
        "cancelled": (sheet.glyphs.skipped, _FAINT, _FAINT),
    }
    rows = []
    for item in items[:PLAN_ITEMS]:
        glyph, sign, words = looks.get(str(item.get("status")), (sheet.glyphs.dot, _FAINT, _MUTED))
        text = fit(one_line(str(item.get("content") or "")), sheet.text_width - 8)
        rows.append(_behind_thread([(f"{glyph} ", sign), (text, words)], sheet))
    if len(items) > PLAN_ITEMS:
        more = f"{len(items) - PLAN_ITEMS} more"
        rows.append(_behind_thread([(more, _FAINT)], sheet, "read"))
    return rows


def _behind_thread(runs: Sequence[Run], sheet: Sheet, action: str = "fold") -> Row:
    thread: Run = (sheet.glyphs.thread + " ", _LINE)
    return sheet.row([thread, *runs], bar=sheet.thread, indent=2, start=2, action=action)
