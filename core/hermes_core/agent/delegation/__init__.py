"""Agents that work for another one: children in a turn, tasks beside the conversation."""
