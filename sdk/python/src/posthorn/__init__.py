"""Verify webhooks from Posthorn, a self-hosted webhook delivery service, and call its API."""

from .client import PosthornClient
from .errors import PosthornError, WebhookVerificationError
from .profiles import PROFILES, SigningProfile
from .verification import WebhookToVerify, verify_webhook, verify_webhook_or_raise
from .version import __version__

__all__ = [
    "PROFILES",
    "PosthornClient",
    "PosthornError",
    "SigningProfile",
    "WebhookToVerify",
    "WebhookVerificationError",
    "__version__",
    "verify_webhook",
    "verify_webhook_or_raise",
]
