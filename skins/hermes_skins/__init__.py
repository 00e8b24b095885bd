"""Personas as data."""
