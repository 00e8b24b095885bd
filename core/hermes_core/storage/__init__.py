"""The conversation store and its search index."""
