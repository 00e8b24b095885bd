"""The blocks of a conversation: plain objects that lay themselves out as rows."""
