"""The terminal around the screen: colours, clipboard, title, guard."""
