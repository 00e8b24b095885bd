"""One agent: session actor, turn engine, prompt, tool runner."""
