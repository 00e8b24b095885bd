"""The command tree as data: adding a command adds its line here and its module."""

COMMANDS = {
    "auth": ("hermes_tui.commands.auth:command", "Several keys and logins of one provider."),
    "login": ("hermes_tui.commands.login:command", "Say which commands log in."),
    "logout": ("hermes_tui.commands.logout:command", "Forget the logins at a provider."),
    "chat": (
        "hermes_tui.command_line.chat_command:command",
        "Talk to the agent, on the screen or with -q.",
    ),
    "setup": ("hermes_tui.commands.setup:command", "Set up a model, question by question."),
    "model": ("hermes_tui.commands.model:command", "Choose the model of new conversations."),
    "config": ("hermes_tui.commands.config:command", "Show and change settings."),
    "sessions": (
        "hermes_tui.commands.sessions:group",
        "List, export, rename, delete conversations.",
    ),
    "attach": (
        "hermes_tui.commands.attach:command",
        "Join a conversation that another process runs.",
    ),
    "status": ("hermes_tui.commands.status:command", "What is set up, in short."),
    "doctor": ("hermes_tui.commands.doctor:command", "Look for what is broken, and mend it."),
    "logs": ("hermes_tui.commands.logs:command", "Read and follow the log files."),
    "insights": (
        "hermes_tui.commands.insights:command",
        "Tokens, requests and cost over days.",
    ),
    "guard": (
        "hermes_tui.commands.guard:command",
        "Say what the command guard thinks; nothing is run.",
    ),
    "completion": ("hermes_tui.commands.completion:command", "Print a shell completion script."),
    "version": ("hermes_tui.commands.version:command", "Print the version."),
}
"""Name to (module:attribute, summary); a module is loaded when its command runs."""

SERVE_TARGETS = ("api", "web")
"""What `--serve` can run; all of them when none is named."""
