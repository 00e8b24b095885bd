"""Textual widgets: each knows event values, never a session."""
