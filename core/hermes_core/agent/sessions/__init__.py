"""One live conversation: its actor and what it is built from."""
