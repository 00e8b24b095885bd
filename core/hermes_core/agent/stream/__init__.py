"""Events on their way out: stamped, committed, spread."""
