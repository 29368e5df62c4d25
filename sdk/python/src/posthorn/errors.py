"""What can go wrong: with a request to a receiver, and with a call of the API."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional

VERIFICATION_MESSAGES = {
    "missing_signature": "There is no signature: the request is not from the provider, or its header got lost.",
    "missing_id": "There is no id, which this profile signs.",
    "missing_timestamp": "There is no timestamp, which this profile signs.",
    "malformed_signature": "The signature has not the form of this profile.",
    "malformed_id": "The id holds characters that no id has.",
    "malformed_timestamp": "The timestamp is not in whole seconds.",
    "wrong_signature": "The signature is not of this payload with this secret.",
    "timestamp_too_old": "The signature is genuine, but older than the tolerance.",
    "timestamp_in_future": "The signature is genuine, but from a time that has not come: check the clock.",
}


class WebhookVerificationError(Exception):
    """A request that must not be trusted; ``code`` says why and is a key of VERIFICATION_MESSAGES."""

    def __init__(self, code: str) -> None:
        super().__init__(VERIFICATION_MESSAGES[code])
        self.code = code


class PosthornError(Exception):
    """The API refused a call: a problem document (RFC 9457), or an answer that is none (code ``unexpected_answer``)."""

    def __init__(self, status: int, problem: Mapping[str, Any], retry_after: Optional[str]) -> None:
        self.status = status
        self.code: str = problem.get("code", "unexpected_answer")
        self.title: str = problem.get("title", "")
        self.detail: str = problem.get("detail", "")
        self.errors: List[Dict[str, str]] = problem.get("errors", [])
        """Where in the body, or which parameter: ``pointer`` and ``detail``."""
        self.request_id: Optional[str] = problem.get("instance")
        self.retry_after = int(retry_after) if retry_after and retry_after.isdecimal() else None
        """Seconds after which the same call may succeed, where the API said so."""
        super().__init__(f"{status} {self.code}: {self.detail or self.title}{_reasons(self.errors)}")


_MOST_REASONS = 5


def _reasons(errors: List[Dict[str, str]]) -> str:
    """Often the message alone reaches a log."""
    if not errors:
        return ""
    reasons = [f"{one.get('pointer') or 'the body'} {one.get('detail')}" for one in errors[:_MOST_REASONS]]
    if len(errors) > _MOST_REASONS:
        reasons.append(f"and {len(errors) - _MOST_REASONS} more")
    return f" ({'; '.join(reasons)})"
