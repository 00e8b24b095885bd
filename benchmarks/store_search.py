"""Search over a large store, and the waits of writers beside each other.

    python benchmarks/store_search.py [--messages 100000] [--check]

Forty queries in five scripts (rare, common, two-word, two-character) run through
`Store.search` three times each; the floor is the same lookup by sqlite3 alone. Then
four processes append 250 messages a second each, five events with every message.
`--check` exits 1 when the 95th percentile of a search is above 50 ms, a writer waits
above 500 ms, or a row is missing.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import random
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

from hermes_core.events import Notice
from hermes_core.messages import Message
from hermes_core.paths import Home
from hermes_core.storage.records import SessionRecord
from hermes_core.storage.search_query import parse
from hermes_core.storage.store import Store

SEARCH_LIMIT_MS = 50.0
WAIT_LIMIT_MS = 500.0
WRITERS = 4
RATE = 250
EVENTS = 5

HAN = "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生错误数据库信息显示问题修复"
KANA = (
    "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもデータベーススクリプト"
)
HANGUL = "가나다라마바사아자차카타파하데이터베스시작오류정보한국어"
THAI = "กขคงจฉชซญดตถทธนบปผพฟมยรลวศสหอฮฐานข้อมูล"

QUERIES = (
    *("the", "database", "word10", "word500", "word19999", "word15000", "word7 word12"),
    *("the database", "word3 word4000", "the word19000", "word50 OR word60", "word5 NOT word6"),
    *('"the database"', '"word1 word2"', "data*", "word199*", "chat-send", "P2.2", "rarestword"),
    *("的", "错误", "数据库", "错误信息", "库信", "的人", "修复问题", "问"),
    *("デ", "データ", "スクリプト", "ベース", "あい"),
    *("데이", "데이터", "오류", "한국어"),
    *("ฐา", "ข้อมูล", "กข", "ฐานข้อมูล"),
)


def sentence(source: random.Random, words: list[str], weights: list[float]) -> str:
    """About 90 words; one in five texts has a part in a script without spaces."""
    text = " ".join(source.choices(words, cum_weights=weights, k=source.randint(40, 140)))
    if source.random() < 0.2:
        letters = source.choice((HAN, KANA, HANGUL, THAI))
        text += " " + "".join(source.choices(letters, k=source.randint(10, 120)))
    if source.random() < 0.0001:
        text += " rarestword chat-send P2.2"
    return text


async def fill(store: Store, count: int) -> None:
    """Write the conversations, 500 messages each."""
    source = random.Random(7)
    words = ["the", "database", *(f"word{number}" for number in range(20_000))]
    total, weights = 0.0, []
    for rank in range(len(words)):
        total += 1 / (rank + 1)
        weights.append(total)
    for start in range(0, count, 500):
        session_id = f"s{start}"
        await store.create_session(SessionRecord(id=session_id))
        batch = [
            Message(
                role="user" if number % 2 else "assistant", content=sentence(source, words, weights)
            )
            for number in range(min(500, count - start))
        ]
        await store.commit(session_id, messages=batch)


async def searches(store: Store, home: Home) -> list[float]:
    """Time each query three times; print the slow ones. Milliseconds."""
    times = []
    raw = sqlite3.connect(home.search_database)
    floors = []
    for query in QUERIES:
        took = []
        for _ in range(3):
            start = time.perf_counter()
            hits = await store.search(query, limit=20)
            took.append((time.perf_counter() - start) * 1000)
        parsed = parse(query)
        table, expression = next(
            (table, part)
            for table, part in (
                ("words", parsed.words),
                ("pairs", parsed.pairs),
                ("trigrams", parsed.trigrams),
            )
            if part
        )
        start = time.perf_counter()
        raw.execute(
            f"SELECT rowid FROM {table} WHERE {table} MATCH ? ORDER BY rowid DESC LIMIT 200",
            (expression,),
        ).fetchall()
        floors.append((time.perf_counter() - start) * 1000)
        times += took
        if max(took) > 20:
            print(f"  {query!r}: {', '.join(f'{one:.0f}' for one in took)} ms, {len(hits)} hits")
    raw.close()
    print(f"floor by sqlite3 alone, unranked: p95 {percentile(floors, 0.95):.1f} ms")
    return times


def write_alongside(
    root: str, name: str, seconds: float, waits: multiprocessing.Queue[float]
) -> None:
    """One writer: a message with its events 250 times a second; report the longest wait."""

    async def work() -> float:
        store = await Store.open(Home(Path(root)))
        await store.create_session(SessionRecord(id=name))
        longest, seq = 0.0, 0
        begin = time.perf_counter()
        for number in range(int(seconds * RATE)):
            await asyncio.sleep(max(0.0, begin + number / RATE - time.perf_counter()))
            events = [
                Notice(seq=seq + at, session_id=name, level="info", code="n", text="x" * 200)
                for at in range(1, EVENTS + 1)
            ]
            seq += EVENTS
            message = Message(role="user", content=f"{name} {number} " + "some words " * 44)
            start = time.perf_counter()
            await store.commit(name, messages=[message], events=events)
            longest = max(longest, time.perf_counter() - start)
        await store.aclose()
        return longest

    waits.put(asyncio.run(work()) * 1000)


def contention(home: Home, seconds: float) -> float:
    """Run the writers; return the longest wait in milliseconds."""
    context = multiprocessing.get_context("spawn")
    waits: multiprocessing.Queue[float] = context.Queue()
    writers = [
        context.Process(target=write_alongside, args=(str(home.root), f"w{n}", seconds, waits))
        for n in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    longest = max(waits.get() for _ in writers)
    for writer in writers:
        writer.join()
    return longest


def percentile(values: list[float], share: float) -> float:
    """The value that `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def measure(home: Home, count: int) -> float:
    """Fill, index, search; return the 95th percentile in milliseconds."""
    store = await Store.open(home)
    start = time.perf_counter()
    await fill(store, count)
    written = time.perf_counter()
    indexed = await store.reindex()
    done = time.perf_counter()
    sizes = await store.stats()
    print(
        f"{count} messages written in {written - start:.1f} s, {indexed} indexed in"
        f" {done - written:.1f} s; hermes.db {sizes['database_bytes'] / 1e6:.0f} MB,"
        f" search.db {sizes['search_bytes'] / 1e6:.0f} MB"
    )
    times = await searches(store, home)
    await store.aclose()
    print(f"search: p50 {percentile(times, 0.5):.1f} ms, p95 {percentile(times, 0.95):.1f} ms")
    return percentile(times, 0.95)


def main() -> int:
    """Run both measurements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        p95 = asyncio.run(measure(home, asked.messages))
        longest = contention(home, asked.seconds)
        raw = sqlite3.connect(home.database)
        rows = raw.execute("SELECT count(*) FROM messages WHERE session_id LIKE 'w%'").fetchone()[0]
        raw.close()
    expected = WRITERS * int(asked.seconds * RATE)
    print(f"writers: longest wait {longest:.0f} ms, {rows} of {expected} rows")
    failed = p95 > SEARCH_LIMIT_MS or longest > WAIT_LIMIT_MS or rows != expected
    return int(asked.check and failed)


if __name__ == "__main__":
    sys.exit(main())
