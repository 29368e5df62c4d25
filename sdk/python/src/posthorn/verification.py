"""Verifies that the sender of a request knows the secret."""

from __future__ import annotations

import re
import time
from datetime import datetime
from typing import TYPE_CHECKING, Mapping, Optional, Sequence, TypedDict, Union

from .errors import WebhookVerificationError
from .profiles import Signature, SigningProfile, resolve_profile
from .secret_key import decode_secret
from .signature_header import is_genuine, parse_signature_header

if TYPE_CHECKING:
    from typing_extensions import Unpack

Payload = Union[str, bytes, bytearray, memoryview]


class _Required(TypedDict):
    payload: Payload
    secret: Union[str, Sequence[str]]


class WebhookToVerify(_Required, total=False):
    """The arguments of verify_webhook_or_raise."""

    signature: Optional[str]
    id: Optional[str]
    timestamp: Optional[str]
    headers: Optional[Mapping[str, str]]
    profile: Union[str, SigningProfile]
    tolerance_seconds: float
    now: Optional[datetime]


def verify_webhook(**webhook: Unpack[WebhookToVerify]) -> bool:
    """Returns whether the sender knows the secret, and whether the request is recent if the profile signs the time.

    Takes the arguments of verify_webhook_or_raise. Raises TypeError or ValueError for invalid arguments only.
    """
    try:
        verify_webhook_or_raise(**webhook)
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
    """Raises WebhookVerificationError with the reason if verify_webhook would return False.

    ``payload`` is the raw body, before anything parsed it. ``secret`` may be a list during a rotation; one match is
    enough. ``signature``, ``id`` and ``timestamp`` are the values of the profile's headers, by default taken from
    ``headers``. Raises TypeError or ValueError for invalid arguments: an unknown profile, an empty secret, a parsed
    payload.
    """
    # Also refuses NaN, for which every comparison below is false.
    if not tolerance_seconds >= 0:
        raise ValueError("tolerance_seconds must be at least 0")
    signing = resolve_profile(profile)
    body = _payload_bytes(payload)
    keys = [decode_secret(one, signing["secret"]) for one in ([secret] if isinstance(secret, str) else secret)]
    if not keys:
        raise ValueError("secret must not be an empty list")

    signature = signature if signature is not None else _header(headers, signing, "$signature")
    id = id if id is not None else _header(headers, signing, "$id")
    timestamp = timestamp if timestamp is not None else _header(headers, signing, "$sentAt")
    if not signature:
        raise WebhookVerificationError("missing_signature")
    scheme = signing["signature"]
    _check_signed_headers(scheme, id, timestamp)
    parsed = parse_signature_header(signature, scheme)

    sent_at = parsed.sent_at if parsed.sent_at is not None else timestamp
    prefixes = {"$body": "", "$sentAt.$body": f"{sent_at}.", "$id.$sentAt.$body": f"{id}.{sent_at}."}
    signed = prefixes[scheme["content"]].encode() + body
    if not any(is_genuine(key, signed, parsed.digests, scheme) for key in keys):
        raise WebhookVerificationError("wrong_signature")
    if scheme["content"] != "$body" and sent_at is not None:
        _check_age((time.time() if now is None else now.timestamp()) - int(sent_at), tolerance_seconds)


def _payload_bytes(payload: Payload) -> bytes:
    if isinstance(payload, str):
        # WSGI servers decode invalid UTF-8 with surrogateescape, so this restores the original bytes.
        return payload.encode("utf-8", "surrogateescape")
    if isinstance(payload, (bytes, bytearray, memoryview)):
        return bytes(payload)
    raise TypeError("payload must be a string or bytes: pass the raw body, not the parsed one")


def _header(headers: Optional[Mapping[str, str]], profile: SigningProfile, variable: str) -> Optional[str]:
    names = [name.lower() for name, template in profile["headers"].items() if template == variable]
    if headers is None or not names:
        return None
    return next((value for name, value in headers.items() if name.lower() == names[0]), None)


def _check_signed_headers(scheme: Signature, id: Optional[str], timestamp: Optional[str]) -> None:
    """Refuses an id with a dot: its end could pass for the timestamp, and the timestamp for the start of the body."""
    if scheme["content"] == "$id.$sentAt.$body":
        if not id:
            raise WebhookVerificationError("missing_id")
        if not re.fullmatch(r"[A-Za-z0-9_@:+-]+", id):
            raise WebhookVerificationError("malformed_id")
    if scheme["content"] == "$body" or "$sentAt" in scheme["format"]:
        return
    if not timestamp:
        raise WebhookVerificationError("missing_timestamp")
    if not re.fullmatch(r"[0-9]{1,12}", timestamp):
        raise WebhookVerificationError("malformed_timestamp")


def _check_age(age: float, tolerance: float) -> None:
    """``age`` and ``tolerance`` are in seconds."""
    if age > tolerance:
        raise WebhookVerificationError("timestamp_too_old")
    if age < -tolerance:
        raise WebhookVerificationError("timestamp_in_future")
