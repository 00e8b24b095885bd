"""Colour systems as data."""
