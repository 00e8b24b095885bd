"""Screens of numbers; loaded when one is opened."""
