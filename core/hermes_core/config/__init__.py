"""Settings: schema, files, precedence, edits that keep comments."""
