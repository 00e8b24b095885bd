"""Families of dangerous commands, one small file a group; each registers itself."""
