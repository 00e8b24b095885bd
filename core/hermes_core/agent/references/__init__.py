"""What a message refers to by `@`: found in the text, read, and put behind it."""
