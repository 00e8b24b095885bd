"""The vi keys of the composer as a pure machine: a state and a key give the next state.

Insert mode is the field's own business; the machine only takes its Escape. Undo is the
field's too and comes back as a wish. A chip is one character here (see `composer_paste`),
so no command can cut one in half.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from hermes_widgets.composing import text_motions as find

ViMode = Literal["insert", "normal", "visual", "visual line"]
Wish = Literal["", "undo", "redo", "older", "newer"]

MOST = 9999
"""Larger counts are cut: nothing in a message is that long."""


class Vi(Struct, frozen=True, kw_only=True):
    """Everything a key depends on."""

    text: str = ""
    at: int = 0
    """Offset of the cursor: on a letter in normal mode, between letters in insert mode."""
    mode: ViMode = "insert"
    pending: str = ""
    """Keys of a command that is not complete."""
    anchor: int = 0
    """Where a visual selection began."""
    yanked: str = ""
    is_yanked_by_line: bool = False
    sought: str = ""
    """The last `f`, `F`, `t` or `T` with its letter, for `;` and `,`."""
    wish: Wish = ""
    """What the field has to do itself after this key."""

    @property
    def selected(self) -> tuple[int, int]:
        """The span of a visual selection; empty in other modes."""
        if not self.mode.startswith("visual"):
            return self.at, self.at
        first, last = sorted((self.anchor, self.at))
        if self.mode == "visual line":
            end = find.line_end(self.text, last)
            return find.line_start(self.text, first), min(end + 1, len(self.text))
        return first, min(last + 1, len(self.text))


class _Span(Struct, frozen=True):
    start: int
    end: int
    by_line: bool = False


_OPERATORS = "dcy"
_SEEKING = "fFtT"
_ON_SELECTION = dict(zip("dxXDcsSCyY", "ddddccccyy", strict=True))
"""What a key does with a selection: take it, change it, copy it."""
_PREFIXES = ("g", "i", "a", "r", *_SEEKING)


def press(vi: Vi, key: str) -> Vi:
    """Take one key: a character, or `escape`. Keys without a meaning change nothing."""
    vi = replace(vi, wish="")
    if key == "escape":
        return _escaped(vi)
    if vi.mode == "insert" or len(key) != 1:
        return vi
    keys = vi.pending + key
    is_visual = vi.mode.startswith("visual")
    count, operator, rest = _parsed(keys, has_operators=not is_visual)
    if _is_unfinished(rest, operator, is_visual=is_visual):
        return replace(vi, pending=keys)
    vi = replace(vi, pending="")
    times = min(count or 1, MOST)
    if is_visual:
        return _settled(_visual(vi, rest, times, has_count=bool(count)))
    if operator:
        return _settled(_operated(vi, operator, rest, times, has_count=bool(count)))
    return _settled(_normal(vi, rest, times, has_count=bool(count)))


def _escaped(vi: Vi) -> Vi:
    if vi.pending or vi.mode.startswith("visual"):
        return _settled(replace(vi, pending="", mode="normal"))
    if vi.mode == "normal":
        return vi
    at = vi.at - 1 if vi.at > find.line_start(vi.text, vi.at) else vi.at
    return _settled(replace(vi, mode="normal", at=at))


def _parsed(keys: str, *, has_operators: bool) -> tuple[int, str, str]:
    """Part the keys into a count, an operator and the rest; counts multiply."""
    total, operator = 0, ""
    while keys:
        digits = len(keys) - len(keys.lstrip("0123456789"))
        if digits and keys[0] != "0":
            total = (total or 1) * int(keys[:digits][-4:])
            keys = keys[digits:]
        elif has_operators and keys[0] in _OPERATORS and not operator:
            operator, keys = keys[0], keys[1:]
        else:
            break
    return total, operator, keys


def _is_unfinished(rest: str, operator: str, *, is_visual: bool) -> bool:
    if not rest:
        return True
    if len(rest) > 1 or rest not in _PREFIXES:
        return False
    return rest not in "ia" or bool(operator) or is_visual


def _settled(vi: Vi) -> Vi:
    """Keep the cursor inside the text, and on a letter outside insert mode."""
    at = max(min(vi.at, len(vi.text)), 0)
    if vi.mode != "insert":
        start, end = find.line_start(vi.text, at), find.line_end(vi.text, at)
        at = max(min(at, end - 1), start)
    return replace(vi, at=at, anchor=max(min(vi.anchor, len(vi.text)), 0))


# --- motions -----------------------------------------------------------------------------


def _moved(vi: Vi, keys: str, times: int, *, has_count: bool) -> int | None:
    """Return where a motion leads, None if the keys are none."""
    text, at = vi.text, vi.at
    match keys:
        case "h":
            return max(at - times, find.line_start(text, at))
        case "l" | " ":
            return min(at + times, find.line_end(text, at))
        case "j" | "k":
            return find.beside(text, at, times if keys == "j" else -times)
        case "0":
            return find.line_start(text, at)
        case "^" | "_":
            return find.first_letter(text, at)
        case "$":
            return find.line_end(text, find.beside(text, at, times - 1))
        case "G":
            return _of_line(text, times if has_count else text.count("\n") + 1)
        case "gg":
            return _of_line(text, times)
    if keys[:1] in _SEEKING or keys in (";", ","):
        return _sought(vi, keys, times)
    return _by_words(text, at, keys, times)


def _by_words(text: str, at: int, keys: str, times: int) -> int | None:
    step = {"w": find.next_word, "b": find.previous_word, "e": find.word_end}.get(keys.lower())
    if step is None:
        return None
    for _ in range(times):
        moved = step(text, at, is_broad=keys.isupper())
        if moved == at:
            break
        at = moved
    return at


def _of_line(text: str, number: int) -> int:
    start = 0
    for _ in range(number - 1):
        end = text.find("\n", start)
        if end < 0:
            break
        start = end + 1
    return find.first_letter(text, start)


def _sought(vi: Vi, keys: str, times: int) -> int | None:
    order = vi.sought if keys in (";", ",") else keys
    if not order:
        return None
    how, letter = order[0], order[1]
    if keys == ",":
        how = how.swapcase()
    text, at = vi.text, vi.at
    first, last = find.line_start(text, at), find.line_end(text, at)
    skip = 1 if keys == ";" and how in "tT" else 0
    for turn in range(times):
        gap = skip if turn == 0 else 1 if how in "tT" else 0
        if how in "ft":
            found = text.find(letter, at + 1 + gap, last)
        else:
            found = text.rfind(letter, first, max(at - gap, first))
        if found < 0:
            return vi.at
        at = found - 1 if how == "t" else found + 1 if how == "T" else found
    return at


def _span(vi: Vi, keys: str, times: int, *, has_count: bool, changes: bool) -> _Span | None:
    """Return what an operator with this motion or object takes, None if it is nothing."""
    text, at = vi.text, vi.at
    if len(keys) == 2 and keys[0] in "ia" and keys[1] in "wW":
        around, is_broad = keys[0] == "a", keys[1] == "W"
        return _Span(*find.word_object(text, at, around=around, is_broad=is_broad))
    if changes and keys in ("w", "W") and at < len(text) and not text[at].isspace():
        keys = "e" if keys == "w" else "E"  # what vi has always done
        if find.word_object(text, at, around=False, is_broad=keys == "E")[1] == at + 1:
            times -= 1  # the cursor stands on the end of the word already
    to = at if times == 0 else _moved(vi, keys, times, has_count=has_count)
    if to is None:
        return None
    if keys in ("j", "k", "G", "gg"):
        if keys in ("j", "k") and find.line_start(text, to) == find.line_start(text, at):
            return None
        first, last = sorted((at, to))
        return _Span(find.line_start(text, first), find.line_end(text, last), by_line=True)
    first, last = sorted((at, to))
    if keys in ("e", "E") or (keys[:1] in "ft;," and to > at):
        last = min(last + 1, len(text))
    if keys in ("w", "W"):
        last = _not_past_the_line(text, first, last)
    return _Span(first, last)


def _not_past_the_line(text: str, start: int, end: int) -> int:
    """Let a word at the end of its line not take the line break with it."""
    while True:
        cut = text.rfind("\n", start, end)
        if cut <= start or text[cut:end].strip():
            return end
        end = cut


# --- normal mode -------------------------------------------------------------------------


def _normal(vi: Vi, keys: str, times: int, *, has_count: bool) -> Vi:
    moved = _moved(vi, keys, times, has_count=has_count)
    if moved is not None:
        return _went(vi, keys, moved)
    span = _short_span(vi, keys, times)
    if span is not None:
        return _changed(vi, span) if keys in "CsS" else _taken(vi, span)
    match keys:
        case "Y":
            return _operated(vi, "y", "y", times, has_count=has_count)
        case "p" | "P":
            return _put(vi, times, before=keys == "P")
        case "J":
            return _joined(vi)
        case "u":
            return replace(vi, wish="undo")
    if keys == "~" or keys[0] == "r":
        return _rewritten(vi, keys, times)
    return _entered(vi, keys)


def _short_span(vi: Vi, keys: str, times: int) -> _Span | None:
    """Return what a command of one letter takes or changes, None for other commands."""
    text, at = vi.text, vi.at
    start, end = find.line_start(text, at), find.line_end(text, at)
    match keys:
        case "x" | "s":
            return _Span(at, min(at + times, end))
        case "X":
            return _Span(max(at - times, start), at)
        case "D" | "C":
            return _Span(at, end)
        case "S":
            return _Span(start, end, by_line=True)
    return None


def _rewritten(vi: Vi, keys: str, times: int) -> Vi:
    """Swap the case of letters, or put another letter in their place."""
    text, at = vi.text, vi.at
    end = find.line_end(text, at)
    last = at + times
    if keys == "~":
        last = min(last, end)
        return replace(vi, text=text[:at] + text[at:last].swapcase() + text[last:], at=last)
    if len(keys) != 2 or last > end:
        return vi
    return replace(vi, text=text[:at] + keys[1] * times + text[last:], at=last - 1)


def _went(vi: Vi, keys: str, moved: int) -> Vi:
    """Go where a motion leads; beyond the first and last line lie earlier inputs."""
    if keys[:1] in _SEEKING:
        vi = replace(vi, sought=keys)
    line = find.line_start(vi.text, vi.at)
    stays = keys in ("j", "k") and find.line_start(vi.text, moved) == line
    if stays and vi.mode == "normal":
        return replace(vi, wish="newer" if keys == "j" else "older")
    return replace(vi, at=moved)


def _entered(vi: Vi, keys: str) -> Vi:
    """Leave normal mode: for inserting, or for selecting."""
    text, at = vi.text, vi.at
    start, end = find.line_start(text, at), find.line_end(text, at)
    match keys:
        case "i":
            return replace(vi, mode="insert")
        case "a":
            return replace(vi, mode="insert", at=min(at + 1, end))
        case "I":
            return replace(vi, mode="insert", at=find.first_letter(text, at))
        case "A":
            return replace(vi, mode="insert", at=end)
        case "o":
            return replace(vi, mode="insert", text=f"{text[:end]}\n{text[end:]}", at=end + 1)
        case "O":
            return replace(vi, mode="insert", text=f"{text[:start]}\n{text[start:]}", at=start)
        case "v":
            return replace(vi, mode="visual", anchor=at)
        case "V":
            return replace(vi, mode="visual line", anchor=at)
    return vi


def _operated(vi: Vi, operator: str, keys: str, times: int, *, has_count: bool) -> Vi:
    if keys == operator:
        last = find.beside(vi.text, vi.at, times - 1)
        start = find.line_start(vi.text, vi.at)
        span: _Span | None = _Span(start, find.line_end(vi.text, last), by_line=True)
    else:
        span = _span(vi, keys, times, has_count=has_count, changes=operator == "c")
        if keys[:1] in _SEEKING:
            vi = replace(vi, sought=keys)
    if span is None:
        return vi
    if operator == "c":
        return _changed(vi, span)
    return _taken(vi, span) if operator == "d" else _copied(vi, span)


# --- visual mode -------------------------------------------------------------------------


def _visual(vi: Vi, keys: str, times: int, *, has_count: bool) -> Vi:
    operator = _ON_SELECTION.get(keys, "")
    if operator:
        start, end = vi.selected
        by_line = vi.mode == "visual line"
        if by_line and vi.text[start:end].endswith("\n"):
            end -= 1
        span = _Span(start, end, by_line=by_line)
        vi = replace(vi, mode="normal")
        if operator == "c":
            return _changed(vi, span)
        return _taken(vi, span) if operator == "d" else _copied(vi, span)
    if keys in ("v", "V"):
        wanted: ViMode = "visual" if keys == "v" else "visual line"
        return replace(vi, mode="normal" if vi.mode == wanted else wanted)
    if keys == "o":
        return replace(vi, at=vi.anchor, anchor=vi.at)
    if len(keys) == 2 and keys[0] in "ia" and keys[1] in "wW":
        around, is_broad = keys[0] == "a", keys[1] == "W"
        start, end = find.word_object(vi.text, vi.at, around=around, is_broad=is_broad)
        return replace(vi, anchor=start, at=max(end - 1, start))
    moved = _moved(vi, keys, times, has_count=has_count)
    return vi if moved is None else _went(vi, keys, moved)


# --- what is done to a span --------------------------------------------------------------


def _kept(vi: Vi, span: _Span) -> Vi:
    taken = vi.text[span.start : span.end]
    return replace(vi, yanked=taken, is_yanked_by_line=span.by_line) if taken else vi


def _copied(vi: Vi, span: _Span) -> Vi:
    at = vi.at if span.by_line else span.start
    return replace(_kept(vi, span), at=at, mode="normal")


def _taken(vi: Vi, span: _Span) -> Vi:
    start, end = span.start, span.end
    vi = _kept(vi, span)
    if not span.by_line:
        return replace(vi, text=vi.text[:start] + vi.text[end:], at=start)
    if end < len(vi.text):
        end += 1  # the line goes with its break
    elif start > 0:
        start -= 1
    text = vi.text[:start] + vi.text[end:]
    return replace(vi, text=text, at=find.first_letter(text, min(start, len(text))))


def _changed(vi: Vi, span: _Span) -> Vi:
    text = vi.text[: span.start] + vi.text[span.end :]
    return replace(_kept(vi, span), text=text, at=span.start, mode="insert")


def _put(vi: Vi, times: int, *, before: bool) -> Vi:
    if not vi.yanked:
        return vi
    text, at = vi.text, vi.at
    whole = vi.yanked * min(times, 100)
    if vi.is_yanked_by_line:
        whole = "\n".join([vi.yanked] * min(times, 100))
        if before:
            place = find.line_start(text, at)
            return replace(vi, text=f"{text[:place]}{whole}\n{text[place:]}", at=place)
        place = find.line_end(text, at)
        return replace(vi, text=f"{text[:place]}\n{whole}{text[place:]}", at=place + 1)
    place = at if before or not text[at : at + 1].strip("\n") else at + 1
    return replace(vi, text=text[:place] + whole + text[place:], at=place + len(whole) - 1)


def _joined(vi: Vi) -> Vi:
    end = find.line_end(vi.text, vi.at)
    if end == len(vi.text):
        return vi
    rest = vi.text[end + 1 :].lstrip(" \t")
    gap = "" if not rest or rest[0] == "\n" or vi.text[end - 1 : end] in ("", "\n", " ") else " "
    return replace(vi, text=vi.text[:end] + gap + rest, at=end)
