"""The composition root (built last)."""
