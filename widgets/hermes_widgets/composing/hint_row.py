"""The row under the field: mode, what Enter does, what goes with the message."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from hermes_widgets.fitting import clean, fit

_NAME_CELLS = 24
_ROOMY, _NARROW = 80, 52


class ComposerHint(Struct, frozen=True, kw_only=True):
    """The row under the field."""

    mode: str = ""
    """The approval mode; `yolo` is drawn as a danger."""
    text: str = ""
    """What Enter does now."""
    right: str = ""
    """The keys."""


def badges_content(names: Sequence[str], width: int) -> Content:
    """Draw what goes with the message: each by name, the first and a count, or a count."""
    if not names:
        return Content("")
    count = len(names)
    shown = [fit(clean(name), _NAME_CELLS) for name in names]
    if width < _NARROW:
        texts = [f"{count} file" if count == 1 else f"{count} files"]
    elif width < _ROOMY or count > 3:
        texts = [shown[0], *([f"+{count - 1}"] if count > 1 else [])]
    else:
        texts = shown
    pieces = [Content.styled(f" {text} ", "$h-text on $h-select") for text in texts]
    return Content(" ").join(pieces)


def hint_content(
    hint: ComposerHint,
    width: int,
    *,
    keys: str = "",
    note: str = "",
    badges: Sequence[str] = (),
) -> Content:
    """Draw the hint row; the keys at the right go before the left is shortened.

    Args:
        hint: What the program says.
        width: Cells.
        keys: The mode of the vi keys, empty without them.
        note: What the key under the cursor does; in place of the hint's text.
        badges: Names of attached files, at the right in place of the keys.
    """
    mode_style = "$h-bad bold" if hint.mode == "yolo" else "$h-info"
    keys_style = "$h-faint" if keys == "insert" else "$h-gold bold"
    files = badges_content(badges, width)
    words = note or hint.text
    left = Content.assemble(
        (keys, keys_style),
        (" · " if keys else "", "$h-faint"),
        (hint.mode, mode_style),
        (" · " if hint.mode and words else "", "$h-faint"),
    )
    room = width - left.cell_length - (files.cell_length + 2 if badges else 0)
    left = left + Content.styled(fit(words, max(room, 0)), "$h-faint")
    right = files if badges else Content.styled(hint.right, "$h-faint")
    free = width - left.cell_length - cell_len(right.plain)
    if free < 2:
        return left
    return Content.assemble(left, " " * free, right)


class HintRow(Widget):
    """One row of faint words."""

    DEFAULT_CSS = "HintRow { height: 1; margin-top: 1; }"

    hint: reactive[ComposerHint] = reactive(ComposerHint())
    """What it says."""
    keys: reactive[str] = reactive("")
    """The mode of the vi keys, empty without them."""
    note: reactive[str] = reactive("")
    """What keys do at the place of the cursor."""
    badges: reactive[tuple[str, ...]] = reactive(())
    """Names of what goes with the message."""

    def watch_keys(self) -> None:
        """A low screen has no hint row unless it says what is seen nowhere else."""
        self.set_class(bool(self.badges or self.note or self.keys not in ("", "insert")), "-needed")

    watch_note = watch_badges = watch_keys

    def render(self) -> Content:
        """Draw the row."""
        return hint_content(
            self.hint, self.size.width, keys=self.keys, note=self.note, badges=self.badges
        )
