"""Screens that open over the workspace."""
