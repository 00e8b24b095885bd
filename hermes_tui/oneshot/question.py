"""What is asked: the query, what was piped in, pictures."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from hermes_core.errors import HermesError
from hermes_core.messages import Attachment
from hermes_core.paths import expanded
from hermes_tui.composing.attached_files import IMAGE_TYPES


class Question(Struct, frozen=True):
    """A message to submit."""

    text: str
    attachments: tuple[Attachment, ...] = ()


def read_question(query: str, *, image: str | None = None, piped: str = "") -> Question:
    """Gather the question. Blocking: looks for pictures on the disk.

    Args:
        query: As it was given; if its first word is a picture that exists, that is attached.
        image: A picture named by its own option.
        piped: Put behind the query as context.

    Raises:
        HermesError: The picture is not there, or no model can look at its kind.
    """
    named = [image] if image else []
    first, _, rest = query.partition(" ")
    if Path(first).suffix.lower() in IMAGE_TYPES and expanded(first).is_file():
        named.append(first)
        query = rest.strip()
    pictures = dict.fromkeys(_picture(name) for name in named)
    if piped:
        query = f"{query}\n\n<stdin>\n{piped}\n</stdin>".lstrip()
    return Question(query, tuple(pictures))


def _picture(name: str) -> Attachment:
    path = expanded(name).absolute()
    media_type = IMAGE_TYPES.get(path.suffix.lower())
    if media_type is None:
        known = ", ".join(suffix.removeprefix(".") for suffix in IMAGE_TYPES)
        raise HermesError(f"{name} is not a picture a model can look at.", hint=f"Known: {known}.")
    if not path.is_file():
        raise HermesError(f"There is no picture {name}.")
    return Attachment(path=str(path), media_type=media_type)
