"""Messages of the person's own that stand before each conversation; sent, never stored."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from hermes_core.errors import ConfigError
from hermes_core.messages import Message
from hermes_core.paths import expanded

MOST_BYTES = 256 * 1024


class _Written(msgspec.Struct, forbid_unknown_fields=True):
    role: Literal["user", "assistant"]
    content: str


_decode = msgspec.json.Decoder(list[_Written]).decode


def read_prefill(written: str, folder: Path) -> tuple[Message, ...]:
    """Read the file of such messages. Blocks.

    Args:
        written: Its path as the settings have it; empty: there is none.
        folder: Where a relative path begins.

    Raises:
        ConfigError: It cannot be read, is too long, or is no list of messages.
    """
    if not written.strip():
        return ()
    path = folder / expanded(written.strip())
    hint = "agent.prefill_messages_file names a JSON list of {role: user or assistant, content}."
    try:
        data = path.read_bytes()
        if len(data) > MOST_BYTES:
            raise ConfigError(f"{path} is longer than {MOST_BYTES // 1024} kB.", hint=hint)
        return tuple(Message(role=one.role, content=one.content) for one in _decode(data))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}", hint=hint) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} holds no messages: {error}", hint=hint) from error
