"""The parts of the built-in profiles that a receiver needs."""

from __future__ import annotations

from typing import Dict, Mapping, TypedDict, Union


class Signature(TypedDict):
    algorithm: str
    content: str
    encoding: str
    format: str


class SecretFormat(TypedDict):
    key: str
    prefix: str


class SigningProfile(TypedDict):
    """The part of a profile that a receiver needs. A whole profile of the API is also a SigningProfile.

    ``headers`` has templates by header name. Verification uses those with ``$signature``, ``$id`` or ``$sentAt``.
    """

    headers: Mapping[str, str]
    signature: Signature
    secret: SecretFormat


def _hex(format: str, content: str = "$body") -> Signature:
    return {"algorithm": "hmac-sha256", "content": content, "encoding": "hex", "format": format}


_TEXT: SecretFormat = {"key": "utf8", "prefix": ""}

PROFILES: Dict[str, SigningProfile] = {
    "standard-webhooks": {
        "headers": {
            "webhook-id": "$id",
            "webhook-timestamp": "$sentAt",
            "webhook-signature": "$signature",
        },
        "signature": {
            "algorithm": "hmac-sha256",
            "content": "$id.$sentAt.$body",
            "encoding": "base64",
            "format": "v1,$base64",
        },
        "secret": {"key": "base64AfterPrefix", "prefix": "whsec_"},
    },
    "cmdcal": {
        "headers": {"X-CmdCal-Signature": "$signature"},
        "signature": _hex("$hex"),
        "secret": _TEXT,
    },
    "canvelete": {
        "headers": {"X-Canvelete-Signature": "$signature"},
        "signature": _hex("sha256=$hex"),
        "secret": _TEXT,
    },
    "pdf-gorilla": {
        "headers": {"x-pdfg-signature": "$signature"},
        "signature": _hex("$hex"),
        "secret": _TEXT,
    },
    "pausepoint": {
        "headers": {"X-PausePoint-Signature": "$signature"},
        "signature": _hex("sha256=$hex"),
        "secret": _TEXT,
    },
    "smartlyq": {
        "headers": {"X-SmartlyQ-Signature": "$signature"},
        "signature": _hex("t=$sentAt,v1=$hex", content="$sentAt.$body"),
        "secret": _TEXT,
    },
}


def resolve_profile(profile: Union[str, SigningProfile]) -> SigningProfile:
    """Raises ValueError for an unknown name, because a typo must not look like a forged request."""
    if not isinstance(profile, str):
        return profile
    if profile not in PROFILES:
        raise ValueError(f"unknown profile {profile}; the profiles are {', '.join(PROFILES)}")
    return PROFILES[profile]
