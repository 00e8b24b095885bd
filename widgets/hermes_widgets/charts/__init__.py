"""Numbers as pictures, and as tables where pictures say nothing."""
