"""Planning what a long conversation keeps, before any model is asked.

    python benchmarks/compaction_plan.py [--messages 2000] [--check]

The value is the whole plan of a history with calls and long results: sizes, cut, text
for the summary, check of the result. The floor is estimating the tokens of the same
messages once, which no plan can do without. Best of five; `--check` exits 1 above the
budget of 100 ms.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from benchmarks.harness import Result, arguments, report
from hermes_core.agent.compaction.check import find_problems
from hermes_core.agent.compaction.limits import limits_for
from hermes_core.agent.compaction.plan import make_plan
from hermes_core.agent.compaction.summary_request import summary_request
from hermes_core.agent.compaction.summary_text import summary_message
from hermes_core.config.agent_settings import CompressionSettings
from hermes_core.messages import Message, Runtime, ToolCall
from hermes_core.providers.facts.tokens import estimate_message

BUDGET_MS = 100.0
RUNTIME = Runtime(model="bench", provider="custom", window_tokens=200_000)


def history(count: int) -> list[Message]:
    """Rounds of four: a request, a call, its result of 2,000 characters, an answer."""
    messages: list[Message] = []
    for number in range(0, count, 4):
        call = ToolCall(
            id=f"c{number}", name="terminal", arguments=f'{{"command": "make part-{number}"}}'
        )
        messages += [
            Message(role="user", content=f"Do part {number}. " * 20, message_id=f"m{number}"),
            Message(role="assistant", tool_calls=(call,), message_id=f"m{number + 1}"),
            Message(
                role="tool",
                content="line of output\n" * 130,
                tool_call_id=call.id,
                tool_name="terminal",
                message_id=f"m{number + 2}",
            ),
            Message(role="assistant", content="Done so far. " * 30, message_id=f"m{number + 3}"),
        ]
    return messages[:count]


def plan(messages: list[Message]) -> None:
    """Everything that happens without a model."""
    made = make_plan(
        messages,
        limits_for(CompressionSettings(), RUNTIME.window_tokens),
        measure=estimate_message,
        fixed_tokens=8_000,
    )
    assert made is not None, "so long a history must be shortened"
    summary_request(made, RUNTIME)
    after = made.assemble(summary_message("Notes.", (), unique="1", timestamp=1.0))
    assert not find_problems(messages, after)


def best_ms(work: Callable[[], object], rounds: int = 5) -> float:
    """The fastest of some rounds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return min(times)


def main() -> int:
    """Measure and print."""
    parser = arguments(__doc__)
    parser.add_argument("--messages", type=int, default=2_000)
    asked = parser.parse_args()
    messages = history(asked.messages)
    floor = best_ms(lambda: [estimate_message(m) for m in messages])
    value = best_ms(lambda: plan(messages))
    name = f"plan of {asked.messages} messages"
    return report([Result(name, value, floor, BUDGET_MS)], check=asked.check)


if __name__ == "__main__":
    sys.exit(main())
