"""The command line: options, the command tree, what is started."""
