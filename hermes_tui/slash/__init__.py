"""Slash commands, one registration each."""
