"""How the text of a secret becomes the HMAC key."""

from __future__ import annotations

import base64
import binascii

from .profiles import SecretForm


def secret_bytes(secret: str, form: SecretForm) -> bytes:
    """Raises ValueError when it can be none.

    With an empty key anybody could sign, and a variable that is not set must not look like a forged request.
    """
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
