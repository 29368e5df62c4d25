"""Whether a request is from who holds the secret."""

from __future__ import annotations

import re
import time
from datetime import datetime
from typing import TYPE_CHECKING, Mapping, Optional, Sequence, TypedDict, Union

from .errors import WebhookVerificationError
from .profiles import Signature, SigningProfile, profile_of
from .secret_key import secret_bytes
from .signature_header import is_genuine, shown_signatures

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
    """Whether the request is genuine, and recent where the profile signs the time.

    Takes what verify_webhook_or_raise takes, and raises only for arguments with which nothing can be verified.
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
    """Raises WebhookVerificationError, whose code says what is wrong, where verify_webhook answers False.

    ``payload`` is the body as it came, before anything parsed it. ``secret`` may be several while one is being
    replaced: either will do. ``signature``, ``id`` and ``timestamp`` are the values of the profile's headers; with
    ``headers`` those left out are found there. Raises TypeError or ValueError for arguments with which nothing can be
    verified: an unknown profile, an empty secret, a payload already parsed.
    """
    # Also NaN, with which no comparison below would hold.
    if not tolerance_seconds >= 0:
        raise ValueError("tolerance_seconds is less than 0")
    form = profile_of(profile)
    body = _payload_bytes(payload)
    keys = [secret_bytes(one, form["secret"]) for one in ([secret] if isinstance(secret, str) else secret)]
    if not keys:
        raise ValueError("there is no secret")

    signature = signature if signature is not None else _header(headers, form, "$signature")
    id = id if id is not None else _header(headers, form, "$id")
    timestamp = timestamp if timestamp is not None else _header(headers, form, "$sentAt")
    if not signature:
        raise WebhookVerificationError("missing_signature")
    scheme = form["signature"]
    _check_signed_headers(scheme, id, timestamp)
    shown = shown_signatures(signature, scheme)

    sent_at = shown.sent_at if shown.sent_at is not None else timestamp
    before = {"$body": "", "$sentAt.$body": f"{sent_at}.", "$id.$sentAt.$body": f"{id}.{sent_at}."}
    signed = before[scheme["content"]].encode() + body
    if not any(is_genuine(key, signed, shown.digests, scheme) for key in keys):
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
        if not re.fullmatch(r"[A-Za-z0-9_@:+-]+", id):
            raise WebhookVerificationError("malformed_id")
    if scheme["content"] == "$body" or "$sentAt" in scheme["format"]:
        return
    if not timestamp:
        raise WebhookVerificationError("missing_timestamp")
    if not re.fullmatch(r"[0-9]{1,12}", timestamp):
        raise WebhookVerificationError("malformed_timestamp")


def _check_age(age: float, tolerance: float) -> None:
    """Both in seconds."""
    if age > tolerance:
        raise WebhookVerificationError("timestamp_too_old")
    if age < -tolerance:
        raise WebhookVerificationError("timestamp_in_future")
