"""One turn: asking the model, judging its reply, running tools."""
