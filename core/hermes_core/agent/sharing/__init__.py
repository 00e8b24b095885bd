"""Sessions reached from other processes."""
