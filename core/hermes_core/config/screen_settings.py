"""How things look and behave on a screen."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from hermes_core.config.section import Section, setting, word


class DisplaySettings(Section):
    """What is shown, on every kind of screen."""

    compact: bool = setting(False, "Greet with a short card, whatever the room.")
    skin: str = setting("default", "Colours and persona.")
    tool_progress: Annotated[Literal["off", "new", "all", "verbose"], word(yes="all", no="off")] = (
        setting("all", "How much of tool calls is shown.")
    )
    tool_preview_length: int = setting(0, "Cut previews after so many characters; 0: never.", ge=0)
    streaming: bool = setting(True, "Show replies while they are written.")
    show_reasoning: bool = setting(False, "Show the model's thinking.")
    inline_diffs: bool = setting(True, "Show the changes made to files.")
    show_cost: bool = setting(False, "Show what a session costs.")
    resume_display: Literal["full", "minimal"] = setting(
        "full", "What is drawn of a resumed conversation at first; minimal: the last exchange."
    )
    busy_input_mode: Annotated[Literal["steer", "queue", "interrupt"], word()] = setting(
        "steer", "What Enter does while the agent works."
    )
    bell_on_complete: bool = setting(False, "Ring when a turn is done.")
    background_process_notifications: Annotated[
        Literal["off", "result", "error", "all"], word(yes="all", no="off")
    ] = setting("all", "Which background processes are reported.")


class LayoutSettings(Section):
    """Columns of the full screen."""

    left: str = setting(
        "auto", "Cells of the left rail; `wide=40 medium=60` by width of the screen."
    )
    right: str = setting("auto", "The same for the right rail.")


class TuiSettings(Section):
    """The full screen."""

    theme: str = setting(
        "skin", "Colours; `skin` takes the skin's, `auto` dark or light as the terminal is."
    )
    layout: LayoutSettings = setting(LayoutSettings, "Panes.")
    density: Annotated[Literal["auto", "comfortable", "compact", "roomy"], word()] = setting(
        "auto", "How much air there is; auto: compact on a screen of less than 30 rows."
    )
    status_bar: bool = setting(True, "Show the row with state, model and cost.")
    column_width: int = setting(110, "Widest column of text, in cells.", ge=20)
    tools: Annotated[Literal["auto", "collapsed", "expanded"], word()] = setting(
        "auto", "How tool lines open; auto: failures and changes to files."
    )
    reasoning: Annotated[Literal["collapsed", "expanded", "hidden"], word(no="hidden")] = setting(
        "collapsed", "How thinking is shown."
    )
    diff: Annotated[Literal["auto", "split", "unified"], word()] = setting(
        "auto", "Diffs beside each other, or one above the other; auto: split from 120 cells."
    )
    editing_mode: Literal["emacs", "vi"] = setting("emacs", "Keys of the input.")
    paste_collapse_lines: int = setting(5, "Longer pastes are folded.", ge=1)
    typing_grace_ms: int = setting(1000, "A dialog waits while you type.", ge=0)
    indicator: Annotated[Literal["kaomoji", "emoji", "unicode", "ascii"], word()] = setting(
        "kaomoji", "What turns while the agent works; kaomoji adds the skin's faces and verbs."
    )
    confirm_exit: Annotated[
        Literal["when busy", "always", "never"], word(yes="always", no="never")
    ] = setting("when busy", "When leaving asks first.")
    emoji: bool = setting(True, "Use glyphs and emoji; false draws plain characters alone.")
    reduced_motion: bool = setting(False, "Nothing moves.")
    mouse: bool = setting(True, "React to the mouse.", env="HERMES_TUI_MOUSE")
    auto_copy: Annotated[Literal["auto", "on", "off"], word()] = setting(
        "auto", "Copy what is selected."
    )
    osc52: Annotated[Literal["auto", "raw", "tmux", "screen", "off"], word(yes="auto")] = setting(
        "auto", "Copy through the terminal.", env="HERMES_TUI_OSC52"
    )
    copy_as: Annotated[Literal["markdown", "rendered"], word()] = setting(
        "markdown", "What is copied: the Markdown as written, or what is seen.", alias="copy"
    )
    notify: Annotated[Literal["unfocused", "always", "off"], word(yes="always")] = setting(
        "unfocused", "When the desktop is told."
    )
    notify_after: int = setting(10, "Shortest turn worth telling, in seconds.", ge=0)
    notify_command: str = setting("", "Command that is told instead, as JSON on its input.")
    notify_content: bool = setting(False, "Put the reply's text into notices.")
    terminal_progress: bool = setting(False, "Show the terminal's progress mark in a turn.")
    history_window: int = setting(20, "Messages shown when a conversation is opened.", ge=1)
    batch: int = setting(10, "Messages more while scrolling up.", ge=1)
    prune_lines: int = setting(
        3000, "Rows kept at hand; older ones are read again when scrolled to.", ge=100
    )
    leave_transcript: Annotated[Literal["last", "all", "none"], word(yes="last", no="none")] = (
        setting("last", "What stays in the terminal after leaving.")
    )
    sessions_scope: Literal["all", "cwd"] = setting("all", "Which conversations are listed.")
    watch: bool = setting(True, "Notice changed files.")
    keymap: dict[str, Any] = setting({}, "Keys by action.")
