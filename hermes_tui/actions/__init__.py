"""What keys, palette and mouse can do."""
