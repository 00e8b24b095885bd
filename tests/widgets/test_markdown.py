"""Markdown of replies: streaming gives what reading at once gives; blocks look right."""

from __future__ import annotations

import random
import time

import pytest

from hermes_themes.roles import LAMPLIGHT
from hermes_widgets.blocks.reply_block import SETTLE_FROM, ReplyBlock
from hermes_widgets.drawing.column import text_column
from hermes_widgets.drawing.pens import Pen, Styles, plain
from hermes_widgets.drawing.rows import Sheet
from hermes_widgets.markdown.highlighting import code_lines
from hermes_widgets.markdown.nodes import Item, Paragraph, parse, parse_inline, parser_of
from hermes_widgets.markdown.pieces import PieceScanner
from hermes_widgets.markdown.unfinished import completed

SAMPLE = """# Title

A paragraph with **strong words**, *emphasis*, `code` and [a link](https://example.org).
Its second line.

1. one
2. two with `code`

   a second paragraph

   ```sh
   ls

   pwd
   ```
3. three

- bullet
  - nested
* other

> quoted
lazily

| Name | Count |
|------|------:|
| a    | 1     |

```python
def f():

    return 1
```

    indented

    code

Setext
------
***
The end, see [1].

[1]: https://example.org/late
"""


def sheet(width: int = 84) -> Sheet:
    """A page of some width."""
    return Sheet(text_column(width), Styles(LAMPLIGHT))


def drawn(source: str, width: int = 84) -> list[str]:
    """The lines of a finished reply, from the text edge on."""
    block = ReplyBlock("m")
    block.finish("complete", source, None)
    page = sheet(width)
    left = page.column.left
    return [row.strip.text[left:].rstrip() for row in block.rows(page)]


@pytest.mark.ac("stream-same")
@pytest.mark.parametrize("size", [1, 3, 17, 400])
def test_streaming_in_pieces_of_any_size_ends_as_reading_at_once(size: int) -> None:
    block = ReplyBlock("m")
    page = sheet()
    for start in range(0, len(SAMPLE), size):
        block.append(SAMPLE[start : start + size])
        block.rows(page)
    block.finish("complete", SAMPLE, None)

    lines = [row.strip.text[4:].rstrip() for row in block.rows(page)]
    assert lines == drawn(SAMPLE)


def test_pieces_keep_every_character_in_order() -> None:
    chance = random.Random(7)
    scraps = ["a ", "\n", "\n\n", "```\n", "- x\n", "1. y\n", "> z\n", "# h\n", "    c\n", "~~~\n"]
    for _ in range(500):
        source = "".join(chance.choice(scraps) for _ in range(chance.randrange(30)))
        scanner = PieceScanner()
        pieces = []
        for char in source:
            pieces += scanner.feed(char)
        pieces += scanner.finish()
        joined = "".join(piece.source for piece in pieces)
        assert joined.split() == source.split()


def test_a_long_open_paragraph_wraps_as_the_finished_one() -> None:
    words = ["alpha", "**beta gamma**", "`delta`", "[x](http://y.z)", "epsilon", "snake_case"]
    chance = random.Random(3)
    source = " ".join(chance.choice(words) for _ in range(2 * SETTLE_FROM // 4))
    block = ReplyBlock("m")
    page = sheet()
    for start in range(0, len(source), 97):
        block.append(source[start : start + 97])
        block.rows(page)
    open_lines = [row.strip.text[4:].rstrip() for row in block.rows(page)]
    block.finish("complete", "", None)

    assert len(source) > 2 * SETTLE_FROM
    assert [row.strip.text[4:].rstrip() for row in block.rows(page)] == drawn(source)
    assert open_lines[:-2] == drawn(source)[:-2]
    narrower = [row.strip.text[4:].rstrip() for row in block.rows(sheet(70))]
    assert narrower == drawn(source, 70)


@pytest.mark.ac("stream-budget")
def test_twenty_thousand_tokens_cost_far_less_than_a_second() -> None:
    block = ReplyBlock("m")
    page = sheet(120)
    started = time.process_time()
    for number in range(700):
        block.append("the loop slept a **fixed** second and threw " * 4)
        if number % 50 == 49:
            block.append(".\n\n")
        block.rows(page)
    block.finish("complete", "", None)
    block.rows(page)

    # generous against a loaded machine: it takes a quarter of this alone
    assert time.process_time() - started < 4.0


def test_a_heading_stands_close_to_what_it_heads() -> None:
    assert drawn("text\n\n## Head\n\n- a\n- b\n\n# Next\npara") == [
        "text", "", "Head", "• a", "• b", "", "Next", "para",
    ]  # fmt: skip


def test_numbers_in_tables_stand_right_and_text_left() -> None:
    lines = drawn("|Name|Count|\n|---|---|\n|a|1|\n|bcd|1000|\n")

    assert lines == ["Name    Count", "a           1", "bcd      1000"]


def test_a_table_wider_than_the_column_moves_sideways() -> None:
    cells = [f"column{number}" for number in range(14)]
    row = "|" + "|".join(cells) + "|\n"
    block = ReplyBlock("m")
    block.finish("complete", row + "|" + "---|" * 14 + "\n" + row, None)
    page = sheet()
    first = block.rows(page)[0].strip.text.rstrip()
    assert first.endswith("›")
    assert block.shift(40)
    moved = block.rows(page)[0].strip.text.rstrip()
    assert moved[4:].startswith("‹")
    block.shift(400)
    last = block.rows(page)[0].strip.text.rstrip()
    assert last.endswith("column13")
    assert {row.strip.cell_length for row in block.rows(page)} == {page.column.drawn}


def test_a_reply_without_a_table_does_not_move() -> None:
    block = ReplyBlock("m")
    block.finish("complete", "text", None)
    block.rows(sheet())

    assert not block.shift(8)


def test_tasks_nested_lists_and_their_code_keep_their_places() -> None:
    assert drawn("- [x] done\n- [ ] open\n  1. inner\n\n     ```\n     x\n     ```\n") == [
        "• ✓ done", "• ○ open", "  1. inner", "", "       x",
    ]  # fmt: skip


def test_definitions_below_their_use_still_make_links() -> None:
    block = ReplyBlock("m")
    block.finish("complete", "see [docs][1] and [2]\n\n[1]: https://a.b\n", None)
    (row,) = block.rows(sheet())

    links = {segment.style.link for segment in row.strip if segment.style is not None}
    assert "https://a.b" in links


def test_only_harmless_addresses_become_links() -> None:
    (node,) = parse("[a](javascript:alert) [b](https://b.c) retry.py https://d.e")

    assert isinstance(node, Paragraph)
    assert {pen.link for _, pen in node.runs if pen.link} == {"https://b.c", "https://d.e"}


@pytest.mark.parametrize(
    ("source", "is_looked_for"),
    [
        ("read retry.py, then a@b.c", False),
        ("see https://b.c", True),
        ("HTTP://B.C", True),
        ("MailTo:a@b.c", True),
    ],
)
def test_addresses_are_looked_for_only_where_there_may_be_some(
    source: str, is_looked_for: bool
) -> None:
    assert ("linkify" in parser_of(source).get_active_rules()["core"]) is is_looked_for
    assert any(pen.link for _, pen in parse_inline(source)) is is_looked_for


def test_html_is_text() -> None:
    assert drawn("<b>x</b> &amp; y\n\n<div>\nz\n</div>") == [
        "<b>x</b> & y", "", "<div> z </div>",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("open_source", "shown"),
    [
        ("a **bold", "a **bold**"),
        ("a **bold**", "a **bold**"),
        ("a **bold *", "a **bold**"),
        ("use `co", "use `co`"),
        ("see [the do", "see the do"),
        ("see [docs](http://x", "see docs"),
        ("text\n``", "text"),
        ("text\n## ", "text"),
        ("- ", ""),
    ],
)
def test_what_is_being_written_looks_as_it_will(open_source: str, shown: str) -> None:
    assert completed(open_source) == shown


def test_an_open_fence_is_code_before_it_closes() -> None:
    block = ReplyBlock("m")
    page = sheet()
    block.append("text\n\n```python\ndef f():\n    ret")
    lines = [row.strip.text[4:].rstrip() for row in block.rows(page)]
    assert lines == ["text", "", "  def f():", "      ret▍"]
    block.append("urn 1\n``")
    assert [row.strip.text[4:].rstrip() for row in block.rows(page)][3:] == [
        "      return 1",
        "  ``▍",
    ]
    block.append("`\nafter")
    assert [row.strip.text[4:].rstrip() for row in block.rows(page)][3:] == [
        "      return 1", "", "after▍",
    ]  # fmt: skip
    assert block.code_blocks == ["def f():\n    return 1"]


def test_the_caret_never_makes_a_new_row() -> None:
    block = ReplyBlock("m")
    page = sheet(67)
    block.append("x" * page.text_width)
    (row,) = block.rows(page)
    assert "▍" not in row.strip.text
    assert row.strip.cell_length == page.column.drawn


def test_wide_characters_fill_no_row_beyond_its_edge() -> None:
    page = sheet(70)
    block = ReplyBlock("m")
    block.finish("complete", "日本語のテキスト" * 20 + " 👩‍💻🇩🇪 " * 20, None)

    assert {row.strip.cell_length for row in block.rows(page)} == {page.column.drawn}


def test_code_colours_follow_the_roles() -> None:
    (line,) = code_lines("return len('x') + 1  # why", language="python")

    pens = {text.strip(): pen for text, pen in line if text.strip()}
    assert pens["return"] == Pen("lilac")
    assert pens["len"] == Pen("info")
    assert pens["1"] == Pen("warn")
    assert pens["# why"] == Pen("faint", italic=True)
    assert plain(line) == "return len('x') + 1  # why"


def test_code_of_an_unknown_language_is_plain_and_keeps_its_lines() -> None:
    lines = code_lines("a\n\n\nb", language="no-such-language")

    assert [plain(line) for line in lines] == ["a", "", "", "b"]
    assert [plain(line) for line in code_lines("\n\na\n\n", language="python")] == [
        "",
        "",
        "a",
        "",
        "",
    ]


def test_items_of_one_list_know_their_numbers() -> None:
    assert [node.marker for node in parse("7. a\n8. b\n") if isinstance(node, Item)] == ["7.", "8."]
