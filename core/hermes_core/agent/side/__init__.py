"""Requests beside the conversation: titles, summaries, their models."""
