"""Tools about the conversation itself."""
