"""What is masked in tool results, in files and in live output, and what is not."""

from __future__ import annotations

import base64
import random
import string
from urllib.parse import quote

import pytest

from hermes_core.security.redaction import (
    KEY_BLOCK,
    LineRedactor,
    Redactor,
    contains_sentinel,
    redact,
    redact_for_file_tool,
)

_RANDOM = random.Random(20)


def _chars(alphabet: str, count: int) -> str:
    return "a1B2"[: 4 if alphabet is _MIXED else 0] + "".join(
        _RANDOM.choices(alphabet, k=count - (4 if alphabet is _MIXED else 0))
    )


_MIXED = string.ascii_letters + string.digits
A12, A20, A24, A30 = (_chars(_MIXED, n) for n in (12, 20, 24, 30))
A32, A34, A35, A36, A37, A40, A60 = (_chars(_MIXED, n) for n in (32, 34, 35, 36, 37, 40, 60))
D9, D12 = (_chars(string.digits, n) for n in (9, 12))
U16 = _chars(string.ascii_uppercase + string.digits, 16)
H64 = _chars("0123456789abcdef", 64)
M35 = _chars(_MIXED + "_-", 35)
PEM_BODY = "\n".join(_chars(_MIXED + "+/", 64) for _ in range(6))
PEM = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{PEM_BODY}\n-----END OPENSSH PRIVATE KEY-----"
CUT_PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{PEM_BODY}\nMIIab"


def _short(secret: str) -> str:
    return f"{secret[:6]}...{secret[-4:]}"


def _masked(name: str, secret: str, template: str = "{}", shown: str | None = None) -> object:
    text = template.format(secret)
    return pytest.param(text, secret, template.format(shown or _short(secret)), id=name)


MASKED = [
    _masked("R03", f"sk-ant-api03-{A40}"),
    _masked("R04", f"sk-proj-{A40}"),
    _masked("R05", f"ghp_{A36}"),
    *(_masked(f"R05-{p}", f"{p}_{A36}") for p in ("gho", "ghu", "ghs", "ghr")),
    _masked("R07", f"xoxb-{D12}-{A24}"),
    *(_masked(f"R07-{p}", f"{p}-{D12}-{A24}") for p in ("xoxa", "xoxp", "xoxr", "xoxs")),
    _masked("R08", f"AIza{A35}"),
    _masked("R09", f"AKIA{U16}"),
    _masked("R10", f"ASIA{U16}"),
    _masked("R11", f"sk_live_{A24}"),
    *(_masked(f"R11-{p}", f"{p}_{A24}") for p in ("sk_test", "rk_live")),
    _masked("R12", f"whsec_{A32}"),
    _masked("R13", f"glpat-{A20}"),
    _masked("R14", f"hf_{A34}"),
    _masked("R15", f"npm_{A36}"),
    _masked("R19", f"tvly-{A32}"),
    _masked("R20", f"r8_{A37}"),
    _masked("R21", f"dop_v1_{H64}"),
    _masked("R22", f"gAAAA{A60}"),
    _masked("R23", f"eyJhbGciOiJIUzI1NiJ9.{A20}.{A30}"),
    _masked("R27", A20, "OPENAI_API_KEY={}"),
    _masked("R28", A20, "export DB_PASSWORD='{}'"),
    _masked("R33", A12, '"apiKey": "{}"', "***"),
    _masked("R36", A24, "Authorization: Basic {}"),
    _masked("R36-bearer", A24, "authorization: Bearer {}"),
    _masked("R37", A30, "x-api-key: {}"),
    _masked("R38", A24, "https://api.example/v1?access_token={}&page=2"),
    _masked("R40", M35, f"{D9}:{{}}", "***"),
    _masked("R40-bot", M35, f"https://api.telegram.org/bot{D9}:{{}}/getMe", "***"),
    _masked("R41", "p%40ss", "postgres://u:{}@db/x", "***"),
    _masked("R42", "pw", "redis://:{}@h", "***"),
    _masked("R43", "pw", "https://user:{}@host/x", "***"),
    _masked("R44", PEM, "before\n{}\nafter", KEY_BLOCK),
    _masked("R45", CUT_PEM, "{}", KEY_BLOCK),
    _masked("R46", A40, "aws_secret_access_key = {}"),
    _masked("R47", "+14155551234", "call {} now", "+141****1234"),
    _masked("R47-short", "+1415555", "call {} now", "+1****55"),
]


@pytest.mark.ac("redaction-secrets")
@pytest.mark.parametrize(("text", "secret", "expected"), MASKED)
def test_secret_is_masked_and_its_surroundings_stay(text: str, secret: str, expected: str) -> None:
    assert redact(text) == expected
    wrapped = redact(f"line\n  {text}\nlast")
    assert secret not in wrapped
    assert wrapped.startswith("line\n  ")
    assert wrapped.endswith("\nlast")


@pytest.mark.ac("redaction-keeps")
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("am_i_a_variable_name", id="R25"),
        pytest.param("sk_buff_alloc_example", id="R26"),
        pytest.param("MAX_TOKENS=4096", id="R29"),
        pytest.param("AUTHOR=Jane", id="R30"),
        pytest.param("TOKENIZER_PATH=/models/tok", id="R31"),
        pytest.param('"token": ""', id="R34"),
        pytest.param("token = get_token()", id="call"),
        pytest.param('export API_KEY="$OTHER_KEY"', id="reference"),
        pytest.param("API_TOKEN=true", id="switch"),
        pytest.param("key = os.environ['OPENAI_API_KEY']", id="lookup"),
        pytest.param("https://example.org/path?page=2&key=up", id="short-query"),
        pytest.param("task-runner-with-a-long-name sk-learn-like-word", id="words"),
        pytest.param("1 + 14155551234 = x; a+1415555123", id="sum"),
        pytest.param("commit 8f3a2b1c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a", id="hash"),
        pytest.param("http://localhost:8080/x and user@example.org", id="address"),
    ],
)
def test_ordinary_text_is_kept(text: str) -> None:
    assert redact(text) == text


def test_coloured_token_is_masked() -> None:
    token = f"ghp_{A36}"
    assert redact(f"\x1b[01;31m{token}\x1b[0m") == f"\x1b[01;31m{_short(token)}\x1b[0m"


def test_secret_is_masked_before_a_long_output_is_cut() -> None:
    token = f"ghp_{A36}"
    output = "x" * 19_989 + " " + token + " " + "y" * 40_000
    assert token[:20] not in redact(output)[:20_000]


@pytest.mark.ac("redaction-known-values")
@pytest.mark.parametrize("before", ["", "a", "ab"])
def test_known_value_is_masked_in_every_encoding(before: str) -> None:
    secret = "correct horse/battery+staple"
    redactor = Redactor([secret, "short"])
    encoded = base64.b64encode(f"{before}{secret}tail".encode()).decode()
    text = f"plain {secret} short url {quote(secret, safe='')} base64 {encoded}"

    shown = redactor.redact(text)

    assert shown.startswith("plain *** short url *** base64 ")
    core = base64.b64encode(secret.encode()).decode()[4:20]
    assert encoded not in shown
    assert core not in shown


def test_switched_off_redactor_changes_nothing() -> None:
    redactor = Redactor([A40], enabled=False)
    assert redactor.redact(f"{A40} ghp_{A36}") == f"{A40} ghp_{A36}"
    assert redactor.redact_for_file_tool(f"ghp_{A36}") == (f"ghp_{A36}", False)


def test_redacting_twice_is_the_same_as_once() -> None:
    text = "\n".join(str(param.values[0]) for param in MASKED)  # type: ignore[attr-defined]  # pytest's ParameterSet
    assert redact(redact(text)) == redact(text)


@pytest.mark.ac("redaction-file-sentinel")
def test_file_text_gets_sentinels_a_writer_recognises() -> None:
    shown, redacted = redact_for_file_tool(f"token: ghp_{A36}\nname: x\n")
    assert redacted
    assert shown == "token: «redacted:ghp_…»\nname: x\n"
    assert contains_sentinel(shown)
    assert redact(shown) == shown


@pytest.mark.parametrize(
    "text",
    ["PASSWORD=hunter2hunter2\n", "x = get_token()\n", "tel +14155551234", "sk_buff_alloc_x"],
)
def test_file_text_keeps_what_is_no_certain_credential(text: str) -> None:
    assert redact_for_file_tool(text) == (text, False)


@pytest.mark.ac("path-p27")
@pytest.mark.parametrize(
    ("text", "stored", "refused"),
    [
        pytest.param("k: «redacted:ghp_…»", "", True, id="P27-sentinel"),
        pytest.param("A=1\nAPI_KEY=***\n", "", True, id="P27-stars"),
        pytest.param("export API_KEY='abcdef...wxyz'\n", "", True, id="P27-middle"),
        pytest.param("API_KEY=***\n", "API_KEY=***\nB=2\n", False, id="already-there"),
        pytest.param("API_KEY=abc\nSEPARATOR=***\n", "", False, id="other-name"),
        pytest.param("for x in range(...): ***", "", False, id="code"),
    ],
)
def test_masked_value_is_recognised_before_it_is_written(
    text: str, stored: str, refused: bool
) -> None:
    assert contains_sentinel(text, stored=stored) is refused


@pytest.mark.ac("redaction-live-output")
@pytest.mark.parametrize("size", [1, 3, 7, 64])
def test_live_output_never_shows_a_secret_cut_in_two(size: int) -> None:
    text = f"start\nexport API_KEY={A40}\n{PEM}\nmiddle ghp_{A36} end\n" + "z" * 300 + "\nlast"
    live = LineRedactor(Redactor())
    pieces = [live.feed(text[at : at + size]) for at in range(0, len(text), size)]
    assert "".join(pieces) + live.flush() == redact(text)


def test_live_output_shows_finished_lines_at_once() -> None:
    live = LineRedactor(Redactor())
    assert live.feed("building\r") == "building\r"
    assert live.feed("one\ntw") == "one\n"
    assert live.flush() == "tw"


def test_live_output_of_one_endless_line_flows_and_still_hides_the_secret() -> None:
    token = f"ghp_{A36}"
    text = "word " * 3000 + token + " word" * 3000
    live = LineRedactor(Redactor(), limit_chars=2048)
    pieces = [live.feed(text[at : at + 500]) for at in range(0, len(text), 500)]
    assert sum(map(len, pieces)) > len(text) - 4096
    assert "".join(pieces) + live.flush() == redact(text)


def test_live_output_is_not_held_for_ever_by_an_unclosed_key_block() -> None:
    live = LineRedactor(Redactor())
    shown = live.feed(CUT_PEM + "\n$ ls\nfile.txt\n")
    assert shown.endswith("file.txt\n")
    assert PEM_BODY[:20] not in shown
