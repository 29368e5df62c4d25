"""Derives the HMAC key from the text of a secret."""

from __future__ import annotations

import base64
import binascii

from .profiles import SecretFormat


def decode_secret(secret: str, format: SecretFormat) -> bytes:
    """Returns the HMAC key of a secret. Raises ValueError for an invalid secret.

    Anybody could sign with an empty key, and an unset variable must not look like a forged request.
    """
    if not isinstance(secret, str) or secret == "":
        raise ValueError("the secret is empty or not a string")
    if format["key"] == "utf8":
        return secret.encode()
    if not secret.startswith(format["prefix"]):
        raise ValueError(f"the secret does not begin with {format['prefix']}")
    text = secret[len(format["prefix"]) :]
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    # Accepts only padded, canonical base64, so a truncated secret is detected.
    if not key or base64.b64encode(key).decode() != text:
        raise ValueError(f"the secret is not base64 after {format['prefix']}")
    return key
