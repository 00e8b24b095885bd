"""Logins with a provider: made by a person, renewed by us, never printed."""
