"""The exceptions of webhook verification and of API calls."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional

VERIFICATION_MESSAGES = {
    "missing_signature": "The signature is missing: the request is not from the provider, or a proxy removed the header.",
    "missing_id": "The event id is missing, which this profile signs.",
    "missing_timestamp": "The timestamp is missing, which this profile signs.",
    "malformed_signature": "The signature does not have the format of this profile.",
    "malformed_id": "The event id contains characters that are not allowed in ids.",
    "malformed_timestamp": "The timestamp is not a number of whole seconds.",
    "wrong_signature": "The signature does not match the payload and the secret.",
    "timestamp_too_old": "The signature is valid, but older than the tolerance.",
    "timestamp_in_future": "The signature is valid, but its time is in the future: check the clock.",
}


class WebhookVerificationError(Exception):
    """The request must not be trusted; ``code`` is the reason, a key of VERIFICATION_MESSAGES."""

    def __init__(self, code: str) -> None:
        super().__init__(VERIFICATION_MESSAGES[code])
        self.code = code


class PosthornError(Exception):
    """The API refused a call with a problem document (RFC 9457), or something else responded.

    In the second case ``code`` is ``unexpected_response``.
    """

    def __init__(self, status: int, problem: Mapping[str, Any], retry_after: Optional[str]) -> None:
        self.status = status
        self.code: str = problem.get("code", "unexpected_response")
        self.title: str = problem.get("title", "")
        self.detail: str = problem.get("detail", "")
        self.errors: List[Dict[str, str]] = problem.get("errors", [])
        """The invalid members of the body or parameters, each with ``pointer`` and ``detail``."""
        self.request_id: Optional[str] = problem.get("instance")
        self.retry_after = int(retry_after) if retry_after and retry_after.isdecimal() else None
        """The seconds after which to try again, if the API said so."""
        super().__init__(f"{status} {self.code}: {self.detail or self.title}{_reasons(self.errors)}")


_MAX_REASONS = 5


def _reasons(errors: List[Dict[str, str]]) -> str:
    """The message includes the reasons, because often only the message is logged."""
    if not errors:
        return ""
    reasons = [f"{one.get('pointer') or 'the body'} {one.get('detail')}" for one in errors[:_MAX_REASONS]]
    if len(errors) > _MAX_REASONS:
        reasons.append(f"and {len(errors) - _MAX_REASONS} more")
    return f" ({'; '.join(reasons)})"
