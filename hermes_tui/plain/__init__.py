"""The line mode: the same conversation as plain lines, for screen readers, logs and small terminals."""
