"""Questions on a plain terminal that end in settings."""
