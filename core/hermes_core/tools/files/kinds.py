"""File endings that are not text."""

from __future__ import annotations

IMAGES = frozenset(
    ".png .jpg .jpeg .gif .bmp .webp .ico .tif .tiff .heic .avif".split()  # noqa: SIM905  a list of words reads better in one block
)
"""Shown by vision_analyze."""

BINARY = frozenset(
    """
    .mp4 .mov .avi .mkv .webm .mp3 .wav .ogg .flac .m4a .aac .opus
    .zip .tar .gz .bz2 .xz .7z .rar .zst .tgz .jar .whl .deb .rpm .dmg .iso
    .exe .dll .so .dylib .bin .o .a .lib .obj .wasm
    .doc .docx .xls .xlsx .ppt .pptx .odt .ods .odp
    .ttf .otf .woff .woff2 .eot
    .pyc .pyo .class
    .db .sqlite .sqlite3 .mdb
    .psd .ai .sketch .fig .xd .blend .indd
    .dat .data
    """.split()  # noqa: SIM905  a list of words reads better in one block
)
"""Refused by their ending; everything else is looked at."""
