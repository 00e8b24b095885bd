"""Search: what is found, what never fails, how the index keeps up."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hermes_core.messages import Message, ToolCall
from hermes_core.paths import Home
from hermes_core.storage.records import SessionRecord
from hermes_core.storage.search_index import SearchIndex
from hermes_core.storage.search_query import parse
from hermes_core.storage.snippet import snippet
from hermes_core.storage.store import Store
from tests.support import until

TEXTS = {
    "en": "the quick brown fox jumps over chat-send in P2.2 of the plan",
    "zh": "我们修复了数据库的错误信息显示问题",
    "ja": "データベースの移行スクリプトを書きました",
    "ko": "데이터베이스를 다시 시작했습니다",
    "th": "เราแก้ไขฐานข้อมูลแล้ว",
    "mix": "Python错误trace in módulo Überprüfung",
}


async def fill(store: Store, session_id: str = "s1") -> None:
    await store.commit(
        session_id,
        messages=[
            Message(role="user", content=content, message_id=name)
            for name, content in TEXTS.items()
        ],
    )


async def found(store: Store, query: str) -> set[str]:
    return {hit.message_id for hit in await store.search(query)}


SCRIPT_QUERIES: dict[str, set[str]] = {
    "fox": {"en"},
    "FOX quick": {"en"},
    "fox missing": set(),
    "missing OR fox": {"en"},
    "plan NOT fox": set(),
    '"brown fox"': {"en"},
    '"fox brown"': set(),
    "qui*": {"en"},
    "chat-send": {"en"},
    "P2.2": {"en"},
    "错": {"zh", "mix"},
    "题": {"zh"},
    "错误": {"zh", "mix"},
    "误错": set(),
    "错误信息": {"zh"},
    "python 错误": {"mix"},
    "python": {"mix"},
    "Python错误": {"mix"},
    "移行": {"ja"},
    "スクリプト": {"ja"},
    "데이터베이스": {"ko"},
    "다시": {"ko"},
    "ฐานข้อมูล": {"th"},
    "modulo uberprufung": {"mix"},
}

HOSTILE_QUERIES = (
    *('"unbalanced', "AND", "***", "a-b.c", "", "   ", "NOT", "OR AND NOT", '""', '"', '"""'),
    *("fox AND", "NOT fox", "content:fox", "NEAR(a b)", "NEAR", "near/2", "^fox", "{fox}"),
    *("fox)", "((", "fox; DROP TABLE words", "'", "\\", "%", "\x00", "a\x00b", "fox NOT NOT x"),
    *("-", "+", "a*b*c", "*fox", "fox *", "\ufffd", "🦊", "é*", '"*"', '"a" OR', "AND OR fox"),
)


@pytest.mark.ac("search-scripts")
async def test_words_are_found_in_every_script(store: Store) -> None:
    await fill(store)
    assert {query: await found(store, query) for query in SCRIPT_QUERIES} == SCRIPT_QUERIES


@pytest.mark.ac("search-hostile")
async def test_no_query_is_an_error(store: Store) -> None:
    await fill(store)
    for query in HOSTILE_QUERIES:
        assert await found(store, query) <= set(TEXTS)


async def test_operators_without_partners_do_not_hide_the_hit(store: Store) -> None:
    await fill(store)
    for query in ("AND fox", "fox AND", "fox OR", "*fox", '"fox', "fox)"):
        assert await found(store, query) == {"en"}, query


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.text(alphabet='ab "*-.+(){}^:错误AND ORNT\n', max_size=24))
def test_a_cleaned_query_is_always_understood_by_the_index(text: str) -> None:
    query = parse(text)
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE VIRTUAL TABLE words USING fts5(text)")
        if query.words:
            connection.execute("SELECT 1 FROM words WHERE words MATCH ?", (query.words,)).fetchall()
    finally:
        connection.close()


async def test_tool_names_and_arguments_are_found(store: Store) -> None:
    call = ToolCall(id="c", name="write_file", arguments='{"path": "src/zebra.py"}')
    result = Message(role="tool", tool_name="write_file", content="ok", message_id="r")
    await store.commit(
        "s1", messages=[Message(role="assistant", message_id="a", tool_calls=(call,)), result]
    )
    assert await found(store, "zebra.py") == {"a"}
    assert await found(store, "write_file") == {"a", "r"}


async def test_roles_and_the_own_session_can_be_left_out(store: Store) -> None:
    await store.create_session(SessionRecord(id="s2"))
    await store.commit("s1", messages=[Message(role="user", content="apple", message_id="u")])
    await store.commit("s2", messages=[Message(role="assistant", content="apple", message_id="v")])
    assert [hit.message_id for hit in await store.search("apple", roles=["user"])] == ["u"]
    assert [hit.session_id for hit in await store.search("apple", exclude_session="s1")] == ["s2"]
    assert len(await store.search("apple", limit=1)) == 1
    assert await store.search("apple", limit=0) == []


async def test_hits_mark_the_match_and_are_cut(store: Store) -> None:
    words = [f"w{number}" for number in range(200)]
    words[120] = "Needle"
    await store.commit("s1", messages=[Message(role="user", content=" ".join(words))])
    await store.set_title("s1", "Haystack")
    (hit,) = await store.search("needle")
    assert ">>>Needle<<<" in hit.snippet
    assert hit.snippet.startswith("…")
    assert hit.snippet.endswith("…")
    assert 30 <= len(hit.snippet.split()) <= 45
    assert (hit.title, hit.role, hit.session_id) == ("Haystack", "user", "s1")


@pytest.mark.parametrize(
    ("text", "terms", "expected"),
    [
        ("one two", ["two"], "one >>>two<<<"),
        ("nothing here", ["zzz"], "nothing here"),
        ("a chat-send b", ["chat-send"], "a >>>chat-send<<< b"),
        ("Überprüfung", ["uberprufung"], ">>>Überprüfung<<<"),
        ("修复了错误信息", ["错误"], "修复了>>>错误<<<信息"),
        ("cat concat", ["cat"], ">>>cat<<< concat"),
        ("", ["x"], ""),
    ],
)
def test_a_snippet_marks_what_matched(text: str, terms: list[str], expected: str) -> None:
    assert snippet(text, terms) == expected


async def test_rows_are_indexed_by_themselves_after_a_moment(store: Store, home: Home) -> None:
    await fill(store)
    reader = sqlite3.connect(home.search_database)

    def indexed() -> bool:
        row = reader.execute("SELECT value FROM meta WHERE key = 'cursor'").fetchone()
        return row is not None and int(row[0]) == len(TEXTS)

    await until(indexed)
    reader.close()


async def test_rows_another_process_is_indexing_are_looked_through(
    store: Store, home: Home
) -> None:
    await store.search("warm")
    blocker = sqlite3.connect(home.search_database, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    await fill(store)
    assert await found(store, "brown fox") == {"en"}
    assert await found(store, "错误") == {"zh", "mix"}
    blocker.execute("ROLLBACK")
    blocker.close()
    assert await found(store, "brown fox") == {"en"}


@pytest.mark.ac("search-rebuild")
async def test_the_index_can_be_deleted_damaged_and_rebuilt(store: Store, home: Home) -> None:
    await fill(store)
    assert await found(store, "fox") == {"en"}
    assert await store.reindex() == len(TEXTS)
    assert await found(store, "fox") == {"en"}
    await store.aclose()
    for suffix in ("", "-wal", "-shm"):
        home.search_database.with_name(f"search.db{suffix}").unlink(missing_ok=True)
    deleted = await Store.open(home)
    assert await found(deleted, "fox") == {"en"}
    await deleted.aclose()
    home.search_database.write_bytes(b"garbage" * 1000)
    damaged = await Store.open(home)
    assert await found(damaged, "fox") == {"en"}
    await damaged.aclose()


async def test_an_index_of_another_store_is_not_believed(store: Store, home: Home) -> None:
    await fill(store)
    assert await found(store, "fox") == {"en"}
    await store.aclose()
    for suffix in ("", "-wal", "-shm"):
        home.database.with_name(f"hermes.db{suffix}").unlink(missing_ok=True)
    fresh = await Store.open(home)
    await fresh.create_session(SessionRecord(id="s1"))
    await fresh.commit("s1", messages=[Message(role="user", content="zebra", message_id="z")])
    assert await found(fresh, "fox") == set()
    assert await found(fresh, "zebra") == {"z"}
    await fresh.aclose()


async def test_two_stores_index_side_by_side_without_doubles(store: Store, home: Home) -> None:
    other = await Store.open(home)
    for number in range(5):
        content = f"shared {number}"
        await store.commit("s1", messages=[Message(role="user", content=content)])
        hits = await asyncio.gather(store.search("shared"), other.search("shared"))
        assert [len(found) for found in hits] == [number + 1, number + 1]
    await other.aclose()


@pytest.mark.ac("search-frequent-words")
async def test_a_word_in_most_messages_is_ranked_among_the_newest_only(
    store: Store, home: Home
) -> None:
    texts = [f"often {'often ' * (40 if number == 0 else 0)}w{number}" for number in range(30)]
    messages = [Message(role="user", content=content) for content in [*texts, "seldom often"]]
    await store.commit("s1", messages=messages)
    await store.reindex()
    index = SearchIndex(home.search_database, home.database, newest=10)
    newest = await index.candidates(parse("often"), limit=50, offset=0)
    assert sorted(newest) == list(range(22, 32))
    assert await index.candidates(parse("w3"), limit=50, offset=0) == [4]
    await index.aclose()
    whole = SearchIndex(home.search_database, home.database)
    assert len(await whole.candidates(parse("often"), limit=50, offset=0)) == 31
    await whole.aclose()
