"""Parses signature headers and compares signatures."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import List, NamedTuple, Optional, Sequence

from .errors import WebhookVerificationError
from .profiles import Signature


class ParsedSignatures(NamedTuple):
    digests: List[str]
    sent_at: Optional[str]


_DIGEST_BYTES = {"hmac-sha256": 32, "hmac-sha512": 64}


def parse_signature_header(header: str, scheme: Signature) -> ParsedSignatures:
    """Returns the signatures in a header that have the profile's format. Raises malformed_signature if there are none.

    Only the first time is used: all signatures of a request have the same time, and each further time would cost a hash
    of the whole body.
    """
    pattern = _pattern_of(scheme)
    found = [match.groupdict() for match in map(pattern.fullmatch, re.split(r"[ \t]+", header)) if match]
    if not found:
        raise WebhookVerificationError("malformed_signature")
    return ParsedSignatures([one["digest"] for one in found], found[0].get("sentAt"))


def _pattern_of(scheme: Signature) -> "re.Pattern[str]":
    """Matches digests of the exact length only, so a truncated signature is never compared."""
    size = _DIGEST_BYTES[scheme["algorithm"]]
    padding = "=" * (-size % 3)
    base64_digest = f"[A-Za-z0-9+/]{{{-(-size * 4 // 3)}}}{padding}"
    digest = f"[0-9a-f]{{{size * 2}}}" if scheme["encoding"] == "hex" else base64_digest
    literal = re.escape(scheme["format"])
    return re.compile(
        literal.replace(r"\$sentAt", "(?P<sentAt>[0-9]{1,12})").replace(
            rf"\${scheme['encoding']}", f"(?P<digest>{digest})"
        )
    )


def is_genuine(key: bytes, signed: bytes, digests: Sequence[str], scheme: Signature) -> bool:
    digest = hmac.new(key, signed, getattr(hashlib, scheme["algorithm"].replace("hmac-", ""))).digest()
    expected = digest.hex() if scheme["encoding"] == "hex" else base64.b64encode(digest).decode()
    return any(hmac.compare_digest(expected, actual) for actual in digests)
