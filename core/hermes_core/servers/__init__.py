"""Doors without a screen."""
