"""One question, one answer: the door without a screen for terminals and scripts."""
