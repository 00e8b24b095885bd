"""What helps to write a message: history, completion, drafts."""
