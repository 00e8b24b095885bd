"""What secrets look like, as data.

Every shape names literals of which one must occur before its pattern is tried, so
that text without any of them costs a few substring searches. Patterns begin with a
literal where they can, for the same reason; what must stand to the left of a match
is checked by `redaction`, which also sees through colour codes.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Literal

from msgspec import Struct

Treatment = Literal["token", "value", "hidden", "pem", "phone"]
"""How a match is shown: first and last characters, the same for a named value,
`***` alone, the key-block marker, or a shortened phone number."""


class Shape(Struct, frozen=True):
    """One kind of secret."""

    name: str
    literals: tuple[str, ...]
    """Lower-case; one of them occurs in the lower-cased text or the shape is skipped."""
    pattern: re.Pattern[str]
    """The group `secret` is replaced, the rest of the match is context."""
    treatment: Treatment = "token"
    bare: bool = True
    """Must not continue a word to the left."""
    strong: bool = False
    """So specific that files read for editing are masked too."""
    weak_prefix: bool = False
    """The prefix is also the beginning of ordinary words: the body must look random."""


_BODY = "[A-Za-z0-9_-]"


def _prefixed(prefix: str, least: int = 10, *, weak: bool = False, body: str = _BODY) -> Shape:
    return Shape(
        name=prefix,
        literals=(prefix.lower(),),
        pattern=re.compile(rf"(?P<secret>{re.escape(prefix)}{body}{{{least},}})"),
        strong=True,
        weak_prefix=weak,
    )


_SURE = (
    "sk-ant-", "sk-proj-", "sk-or-", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_",
    "xoxa-", "xoxb-", "xoxp-", "xoxr-", "xoxs-", "xapp-", "pplx-", "bb_live_", "sk_live_",
    "sk_test_", "rk_live_", "SG.", "npm_", "pypi-", "dop_v1_", "doo_v1_", "tvly-", "gsk_",
    "retaindb_", "glpat-", "whsec_", "xai-", "ya29.", "elevenlabs_sk_",
)  # fmt: skip
_WEAK = (
    "sk-", "sk_", "fal_", "fc-", "hf_", "r8_", "am_", "exa_", "exa-", "syt_", "hsk-", "mem0_", "brv_",
)  # fmt: skip

_SECRET_FIELD = (
    r"(?:api_?key|(?:access_|refresh_|auth_|id_)?token|secret|client_secret|password|passwd|bearer"
    r"|secret_value|raw_secret|secret_input|key_material|private_key_data)"
)

SHAPES: tuple[Shape, ...] = (
    *(_prefixed(prefix, body=r"[A-Za-z0-9_.-]" if "." in prefix else _BODY) for prefix in _SURE),
    *(_prefixed(prefix, weak=True) for prefix in _WEAK),
    _prefixed("AIza", 30),
    _prefixed("gAAAA", 20, body=r"[A-Za-z0-9_=-]"),
    Shape(
        "aws key id",
        ("akia", "asia"),
        re.compile(r"(?P<secret>A[KS]IA[A-Z0-9]{16})(?![A-Za-z0-9_-])"),
        strong=True,
    ),
    Shape(
        "json web token",
        ("eyj",),
        re.compile(
            rf"(?P<secret>eyJ(?:(?<!{_BODY}eyJ)|(?<=meyJ)){_BODY}{{8,4096}}+"
            rf"\.{_BODY}{{8,16384}}+\.{_BODY}+)"
        ),
        strong=True,
    ),
    Shape(
        "age key",
        ("age-secret-key-1",),
        re.compile(r"(?P<secret>AGE-SECRET-KEY-1[0-9A-Z]{30,})"),
        strong=True,
    ),
    Shape(
        "private key block",
        ("private key-----",),
        re.compile(
            r"(?P<secret>-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----"
            r"(?:(?:(?!-----)[A-Za-z0-9+/=:,.\s\\-])*+-----END [A-Z0-9 ]*PRIVATE KEY-----"
            r"|(?:\s|\\n|\\r)*(?:[A-Za-z][A-Za-z-]*: [^\n]*\n)*(?:[A-Za-z0-9+/=]{16,}(?:\s|\\n|\\r)*)*"
            r"(?:[A-Za-z0-9+/]*={0,2}(?=\s|$))?))"
        ),
        treatment="pem",
        strong=True,
        bare=False,
    ),
    Shape(
        "telegram bot token",
        (":",),
        re.compile(r":(?<=[0-9]{8}:)(?P<secret>[A-Za-z0-9_-]{30,})"),
        treatment="hidden",
        bare=False,
    ),
    Shape(
        "discord bot token",
        (".",),
        re.compile(
            rf"\.(?<={_BODY}{{23}}\.)(?P<secret>{_BODY}{{6}}\.{_BODY}{{27,40}})(?![A-Za-z0-9_.-])"
        ),
        treatment="hidden",
        bare=False,
    ),
    Shape(
        "password in an address",
        ("://",),
        re.compile(r"://[^\s/:@\"'<>]*:(?P<secret>[^\s/\"'<>$*][^\s/\"'<>]*)@"),
        treatment="hidden",
        bare=False,
    ),
    Shape(
        "authorization header",
        ("authorization",),
        re.compile(
            r"(?i:authorization)[\"']?\s*[:=]\s*[\"']?(?i:bearer|basic|token|digest|apikey)\s+"
            r"(?P<secret>[A-Za-z0-9._~+/=-]{6,})"
        ),
        bare=False,
    ),
    Shape(
        "bearer",
        ("bearer ",),
        re.compile(r"(?i:bearer) +(?P<secret>(?=[A-Za-z._~+/-]*[0-9])[A-Za-z0-9._~+/=-]{16,})"),
    ),
    Shape(
        "key header",
        ("api-key", "auth-token", "access-token"),
        re.compile(
            r"(?i:(?:x-)?(?:goog-)?(?:api-key|auth-token|access-token))[\"']?\s*:\s*[\"']?"
            r"(?P<secret>[A-Za-z0-9._~+/=-]{8,})"
        ),
        bare=False,
    ),
    Shape(
        "json field",
        ("key", "token", "secret", "pass", "bearer"),
        re.compile(rf"\"(?i:{_SECRET_FIELD})\\?\"\s*:\s*\\?\"(?P<secret>[^\"\\]+)"),
        treatment="value",
        bare=False,
    ),
    Shape(
        "query parameter",
        ("key=", "token=", "secret=", "password=", "sig=", "signature="),
        re.compile(
            r"[?&](?i:(?:x-amz-|x-goog-)?(?:api_?-?key|(?:access_|refresh_|auth_|id_)?token|key"
            r"|(?:client_)?secret|password|sig|signature|security-token))="
            r"(?P<secret>[^\s&#\"'$<>*]{8,})"
        ),
        bare=False,
    ),
    Shape(
        "storage account key",
        ("accountkey=", "sharedaccesskey="),
        re.compile(r"(?i:accountkey|sharedaccesskey)=(?P<secret>[A-Za-z0-9+/=]{20,})"),
        bare=False,
    ),
    Shape(
        "assignment",
        ("key", "token", "secret", "pass", "credential", "auth"),
        re.compile(
            r"(?i:key|token|secret|password|passwd|credentials?|auth|apikey)[A-Za-z0-9_]{0,64}"
            r"\s{0,4}=\s{0,4}"
            r"(?P<secret>\"[^\"\n]+\"|'[^'\n]+'|[^\s\"';&|()<>\[\]{},`]+)"
        ),
        treatment="value",
        bare=False,
    ),
    Shape(
        "phone number",
        ("+",),
        re.compile(r"\+(?<![\w+/=]\+)(?P<secret>[1-9][0-9]{6,14})(?![\w.+/=-])"),
        treatment="phone",
        bare=False,
    ),
)
"""All shapes, most specific first: of two overlapping matches the earlier listed wins."""

_NAME_PARTS = frozenset(
    {"TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "CREDENTIALS", "AUTH", "APIKEY"}
)


def names_a_secret(name: str) -> bool:
    """Whether a variable of that name holds a secret: a whole `_`-part says so."""
    parts = name.upper().strip("_").split("_")
    pairs = pairwise(parts)
    return any(part in _NAME_PARTS for part in parts) or any(
        pair in (("API", "KEY"), ("ACCESS", "KEY"), ("PRIVATE", "KEY")) for pair in pairs
    )


def looks_random(body: str) -> bool:
    """Whether a token body is no identifier: a long run of mixed letters and digits."""
    return any(
        len(run) >= 10
        and any(c.isalpha() for c in run)
        and (any(c.isdigit() for c in run) or (run != run.lower() and run != run.upper()))
        for run in re.split(r"[_-]", body)
    )
