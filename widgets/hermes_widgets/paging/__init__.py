"""Long texts and changes, read a page at a time."""
