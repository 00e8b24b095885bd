"""The full screen in a browser: a server that starts one screen for each tab."""
