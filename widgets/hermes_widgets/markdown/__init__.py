"""Markdown of replies, closed block by block while it streams."""
