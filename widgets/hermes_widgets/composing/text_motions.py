"""Where words, lines and objects of a text begin and end. Pure: a text and an offset.

A letter is one of three kinds: blank, part of a word, or a sign. A word in the narrow
sense is a run of one kind; in the broad sense (`is_broad`) a run of what is not blank.
"""

from __future__ import annotations


def kind(char: str, *, is_broad: bool = False) -> int:
    """0 for a blank, 1 for a letter, digit or underscore, 2 for a sign."""
    if char.isspace():
        return 0
    return 1 if is_broad or char.isalnum() or char == "_" else 2


def line_start(text: str, at: int) -> int:
    """Return the offset of the first letter of the line."""
    return text.rfind("\n", 0, at) + 1


def line_end(text: str, at: int) -> int:
    """Return the offset behind the last letter of the line."""
    found = text.find("\n", at)
    return len(text) if found < 0 else found


def first_letter(text: str, at: int) -> int:
    """Return the offset of the first letter of the line that is no blank."""
    start, end = line_start(text, at), line_end(text, at)
    return start + len(text[start:end]) - len(text[start:end].lstrip(" \t"))


def next_word(text: str, at: int, *, is_broad: bool = False) -> int:
    """Return where the next word begins; an empty line counts as one."""
    size = len(text)
    if at >= size:
        return size
    here = kind(text[at], is_broad=is_broad)
    while here and at < size and kind(text[at], is_broad=is_broad) == here:
        at += 1
    while at < size and text[at].isspace():
        at += 1
        if at < size and text[at] == "\n" == text[at - 1]:
            return at
    return at


def word_end(text: str, at: int, *, is_broad: bool = False) -> int:
    """Return the offset of the last letter of this word, or of the next one at its end."""
    size = len(text)
    at += 1
    while at < size and text[at].isspace():
        at += 1
    if at >= size:
        return max(size - 1, 0)
    here = kind(text[at], is_broad=is_broad)
    while at + 1 < size and kind(text[at + 1], is_broad=is_broad) == here:
        at += 1
    return at


def previous_word(text: str, at: int, *, is_broad: bool = False) -> int:
    """Return where this word begins, or the one before at its beginning."""
    at -= 1
    while at > 0 and text[at].isspace():
        if text[at] == "\n" == text[at - 1]:
            return at
        at -= 1
    if at <= 0:
        return 0
    here = kind(text[at], is_broad=is_broad)
    while at > 0 and kind(text[at - 1], is_broad=is_broad) == here:
        at -= 1
    return at


def beside(text: str, at: int, lines: int) -> int:
    """Return the same column some lines below, or above where `lines` is negative."""
    column = at - line_start(text, at)
    for _ in range(abs(lines)):
        if lines > 0:
            end = line_end(text, at)
            if end == len(text):
                break
            at = end + 1
        else:
            start = line_start(text, at)
            if start == 0:
                break
            at = line_start(text, start - 1)
    start = line_start(text, at)
    return min(start + column, line_end(text, start))


def word_object(text: str, at: int, *, around: bool, is_broad: bool = False) -> tuple[int, int]:
    """Return the span of the word (or the blanks) at an offset.

    Args:
        text: The text.
        at: Any offset in it.
        around: With the blanks behind it, or else those before it.
        is_broad: Take every run that is not blank for a word.
    """
    start, end = line_start(text, at), line_end(text, at)
    if start == end:
        return start, end
    at = min(at, end - 1)
    here = kind(text[at], is_broad=is_broad)
    left, right = at, at + 1
    while left > start and kind(text[left - 1], is_broad=is_broad) == here:
        left -= 1
    while right < end and kind(text[right], is_broad=is_broad) == here:
        right += 1
    if not around:
        return left, right
    behind = right
    while behind < end and text[behind].isspace():
        behind += 1
    if behind > right:
        return left, behind
    while left > start and text[left - 1].isspace():
        left -= 1
    return left, right
