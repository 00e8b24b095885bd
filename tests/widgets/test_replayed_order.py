"""Stored events tell a reply's text after its tools were announced."""

from __future__ import annotations

from hermes_core.events import ApprovalFinding
from hermes_widgets.approval_card import subject_content
from hermes_widgets.transcript import Transcript
from tests.widgets.transcript_stage import Stage, settled


async def test_a_reply_told_only_at_its_end_stands_before_its_tools() -> None:
    async with Stage().run_test(size=(84, 24)) as pilot:
        transcript = pilot.app.query_one(Transcript)
        transcript.begin_reply("m1")
        transcript.announce_tool("c1", "read_file")
        transcript.announce_tool("c2", "read_file")
        transcript.finish_reasoning("m1", "Two files.", 1.0)
        transcript.finish_reply("m1", text="I look at both.")
        transcript.begin_reply("m2")
        transcript.finish_reply("m2", text="Both are there.")
        lines = [line for line in await settled(pilot) if line.strip()]

    shown = "\n".join(lines)
    order = [shown.index(part) for part in ("Two files.", "I look", "read", "Both are there.")]
    assert order == sorted(order)


def test_hidden_characters_of_a_command_are_seen_before_it_is_agreed_to() -> None:
    finding = ApprovalFinding(key="hidden", explanation="turns the line", fragment="a\u202eb")
    content = subject_content("echo\t'\x1b[2J' a\u202eb\nnext", (finding,))

    assert content.plain == "echo    '␛[2J' a\ufffdb\nnext"
    marked = {content.plain[span.start : span.end] for span in content.spans if "bad" in str(span)}
    assert marked == {"a\ufffdb"}
