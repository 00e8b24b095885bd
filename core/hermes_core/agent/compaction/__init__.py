"""Conversations longer than the window: what is kept, what becomes a summary."""
