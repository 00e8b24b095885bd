"""What the screen does with each event."""
