"""Panes: the conversation and what lies beside it."""
