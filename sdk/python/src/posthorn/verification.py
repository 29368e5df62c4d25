"""Whether a request is from who holds the secret."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import time
from datetime import datetime
from typing import List, Mapping, NamedTuple, Optional, Sequence, Union

from .errors import WebhookVerificationError
from .profiles import SecretForm, Signature, SigningProfile, profile_of

Payload = Union[str, bytes, bytearray, memoryview]


def verify_webhook(
    *,
    payload: Payload,
    secret: Union[str, Sequence[str]],
    signature: Optional[str] = None,
    id: Optional[str] = None,
    timestamp: Optional[str] = None,
    headers: Optional[Mapping[str, str]] = None,
    profile: Union[str, SigningProfile] = "standard-webhooks",
    tolerance_seconds: float = 300,
    now: Optional[datetime] = None,
) -> bool:
    """Whether the request is genuine, and recent where the profile signs the time.

    ``payload`` is the body as it came, before anything parsed it. ``secret`` may be several while one is being
    replaced: either will do. ``signature``, ``id`` and ``timestamp`` are the values of the profile's headers; with
    ``headers`` those left out are found there. Raises TypeError or ValueError for arguments with which nothing can be
    verified: an unknown profile, an empty secret, a payload already parsed.
    """
    try:
        verify_webhook_or_raise(
            payload=payload,
            secret=secret,
            signature=signature,
            id=id,
            timestamp=timestamp,
            headers=headers,
            profile=profile,
            tolerance_seconds=tolerance_seconds,
            now=now,
        )
    except WebhookVerificationError:
        return False
    return True


def verify_webhook_or_raise(
    *,
    payload: Payload,
    secret: Union[str, Sequence[str]],
    signature: Optional[str] = None,
    id: Optional[str] = None,
    timestamp: Optional[str] = None,
    headers: Optional[Mapping[str, str]] = None,
    profile: Union[str, SigningProfile] = "standard-webhooks",
    tolerance_seconds: float = 300,
    now: Optional[datetime] = None,
) -> None:
    """Raises WebhookVerificationError, whose code says what is wrong, where verify_webhook answers False."""
    # Also NaN, with which no comparison below would hold.
    if not tolerance_seconds >= 0:
        raise ValueError("tolerance_seconds is less than 0")
    form = profile_of(profile)
    body = _payload_bytes(payload)
    keys = [_secret_bytes(one, form["secret"]) for one in ([secret] if isinstance(secret, str) else secret)]
    if not keys:
        raise ValueError("there is no secret")

    signature = signature if signature is not None else _header(headers, form, "$signature")
    id = id if id is not None else _header(headers, form, "$id")
    timestamp = timestamp if timestamp is not None else _header(headers, form, "$sentAt")
    if not signature:
        raise WebhookVerificationError("missing_signature")
    scheme = form["signature"]
    _check_signed_headers(scheme, id, timestamp)
    shown = _shown_signatures(signature, scheme)

    sent_at = shown.sent_at if shown.sent_at is not None else timestamp
    before = {"$body": "", "$sentAt.$body": f"{sent_at}.", "$id.$sentAt.$body": f"{id}.{sent_at}."}
    signed = before[scheme["content"]].encode() + body
    if not any(_is_genuine(key, signed, shown.digests, scheme) for key in keys):
        raise WebhookVerificationError("wrong_signature")
    if scheme["content"] != "$body" and sent_at is not None:
        _check_age((time.time() if now is None else now.timestamp()) - int(sent_at), tolerance_seconds)


def _payload_bytes(payload: Payload) -> bytes:
    if isinstance(payload, str):
        # As WSGI servers decode bytes that are no UTF-8, so that they come back as they were.
        return payload.encode("utf-8", "surrogateescape")
    if isinstance(payload, (bytes, bytearray, memoryview)):
        return bytes(payload)
    raise TypeError("the payload is neither text nor bytes: give the raw body, not what was parsed from it")


def _secret_bytes(secret: str, form: SecretForm) -> bytes:
    """With an empty key anybody could sign; and a variable that is not set must not look like a forged request."""
    if not isinstance(secret, str) or secret == "":
        raise ValueError("the secret is empty or not a text")
    if form["key"] == "utf8":
        return secret.encode()
    if not secret.startswith(form["prefix"]):
        raise ValueError(f"the secret does not begin with {form['prefix']}")
    text = secret[len(form["prefix"]) :]
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    # Padded and canonical, as Posthorn has it: what is cut off at its end is noticed.
    if not key or base64.b64encode(key).decode() != text:
        raise ValueError(f"the secret is not base64 after {form['prefix']}")
    return key


def _header(headers: Optional[Mapping[str, str]], profile: SigningProfile, variable: str) -> Optional[str]:
    names = [name.lower() for name, template in profile["headers"].items() if template == variable]
    if headers is None or not names:
        return None
    return next((value for name, value in headers.items() if name.lower() == names[0]), None)


def _check_signed_headers(scheme: Signature, id: Optional[str], timestamp: Optional[str]) -> None:
    """A dot in an id would let its end pass for the timestamp, and the start of the body for its own."""
    if scheme["content"] == "$id.$sentAt.$body":
        if not id:
            raise WebhookVerificationError("missing_id")
        if not re.fullmatch(r"[A-Za-z0-9_-]+", id):
            raise WebhookVerificationError("malformed_id")
    if scheme["content"] == "$body" or "$sentAt" in scheme["format"]:
        return
    if not timestamp:
        raise WebhookVerificationError("missing_timestamp")
    if not re.fullmatch(r"[0-9]{1,12}", timestamp):
        raise WebhookVerificationError("malformed_timestamp")


class _Shown(NamedTuple):
    digests: List[str]
    sent_at: Optional[str]


_DIGEST_BYTES = {"hmac-sha256": 32, "hmac-sha512": 64}


def _shown_signatures(header: str, scheme: Signature) -> _Shown:
    """The signatures of a header in the profile's form.

    Only those of one time count: a sender signs all at once, and each time more would cost a hash of the whole body.
    """
    pattern = _pattern_of(scheme)
    found = [match.groupdict() for match in map(pattern.fullmatch, re.split(r"[ \t]+", header)) if match]
    if not found:
        raise WebhookVerificationError("malformed_signature")
    sent_at = found[0].get("sentAt")
    return _Shown([one["digest"] for one in found if one.get("sentAt") == sent_at], sent_at)


def _pattern_of(scheme: Signature) -> "re.Pattern[str]":
    """Only the exact length matches: a truncated signature is never compared."""
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


def _is_genuine(key: bytes, signed: bytes, digests: Sequence[str], scheme: Signature) -> bool:
    digest = hmac.new(key, signed, getattr(hashlib, scheme["algorithm"].replace("hmac-", ""))).digest()
    expected = digest.hex() if scheme["encoding"] == "hex" else base64.b64encode(digest).decode()
    return any(hmac.compare_digest(expected, shown) for shown in digests)


def _check_age(age: float, tolerance: float) -> None:
    """Both in seconds."""
    if age > tolerance:
        raise WebhookVerificationError("timestamp_too_old")
    if age < -tolerance:
        raise WebhookVerificationError("timestamp_in_future")
