"""Model files without a model: a header that says what a test wants it to say."""

from __future__ import annotations

import struct
from pathlib import Path

PLAIN_TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
TOOL_TEMPLATE = "{% for tool in tools %}{{ tool | tojson }}{% endfor %}" + PLAIN_TEMPLATE

LLAMA_FAKE = Path(__file__).with_name("llama")
"""The folder of the library that stands in for llama.cpp."""


def write_model_file(
    path: Path, *, address: str = "", window: int = 8192, template: str = TOOL_TEMPLATE
) -> Path:
    """Write the file, and beside it the address of the server that speaks for it."""
    entries = [
        _text("general.architecture") + _value(8, _text("llama")),
        _text("general.name") + _value(8, _text("Scripted")),
        _text("llama.context_length") + _value(4, struct.pack("<I", window)),
        _text("tokenizer.ggml.tokens") + _value(9, struct.pack("<IQ", 8, 2) + _text("a") * 2),
        _text("tokenizer.ggml.scores") + _value(9, struct.pack("<IQ", 6, 3) + b"\0" * 12),
        _text("tokenizer.chat_template") + _value(8, _text(template)),
    ]
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, len(entries)) + b"".join(entries))
    path.with_suffix(".address").write_text(address, encoding="utf-8")
    return path


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _value(kind: int, data: bytes) -> bytes:
    return struct.pack("<I", kind) + data
