"""The reference page of the settings, written from the schema.

`python -m hermes_core.config.reference_page docs/configuration.md` writes it anew.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from hermes_core.config.keys import ANY, Key, all_keys

_HEAD = """\
# Configuration

<!-- Written from the schema: python -m hermes_core.config.reference_page docs/configuration.md -->

Settings live in `config.yaml` in the home (`hermes config path`), keys and passwords in
`.env` beside it (`hermes config env-path`). Nothing has to be written: what is missing has
the default below.

The first of these that says something wins: an option of the command line, an exported
environment variable, `config.yaml`, `.env`, the default. For keys and passwords: an exported
variable, then `.env`. `hermes config show --origin` says where each value comes from.

`${NAME}` in a value is replaced by a variable when the file is read, and never in the file.
A mistake costs its own key alone: the next place in the order above decides, and one warning
names file, line and key. `hermes config set KEY VALUE` changes one key and keeps comments,
order and quoting of all others.

Keys that only other versions of the program understand, of chats, scheduled jobs or memory for
example, stay in the file, have no effect and are not reported.

| Key | Type | Default | Meaning | Variable |
|---|---|---|---|---|
"""


def page() -> str:
    """Return the page's text."""
    return _HEAD + "".join(f"{row}\n" for row in _rows())


def _rows() -> Iterator[str]:
    for key in all_keys():
        if key.path.endswith(ANY):
            continue
        variables = " ".join(f"`{name}`" for name in key.environment)
        default = "" if key.is_section else _default(key)
        kind = "section" if key.is_section else type_name(key.field.annotation)
        yield f"| `{key.path}` | {kind} | {default} | {key.description} | {variables} |"


def _default(key: Key) -> str:
    if key.default is None:
        return "not set"
    return f"`{json.dumps(key.default, default=list, ensure_ascii=False)}`"


def type_name(annotation: Any) -> str:
    """Say a type in the words of the page: `whole number`, or the values allowed."""
    if get_origin(annotation) is Literal:
        return " ".join(f"`{value}`" for value in get_args(annotation) if value)
    names = {str: "text", bool: "yes/no", int: "whole number", float: "number"}
    if annotation in names:
        return names[annotation]
    origin = get_origin(annotation)
    if origin is dict:
        return "mapping"
    if origin in (list, tuple):
        return "list"
    parts = [part for part in get_args(annotation) if part is not type(None)]
    return " or ".join(dict.fromkeys(type_name(part) for part in parts))


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
