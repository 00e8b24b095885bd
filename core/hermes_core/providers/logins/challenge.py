"""Code challenges (RFC 7636): proof that who redeems a code is who asked for it."""

from __future__ import annotations

import base64
import hashlib


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
