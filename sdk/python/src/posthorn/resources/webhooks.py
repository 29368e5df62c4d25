from __future__ import annotations

from typing import TYPE_CHECKING, Union

from ..profiles import SigningProfile
from ..verification import WebhookToVerify, verify_webhook, verify_webhook_or_raise

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Webhooks:
    """Of the profile of the client, where a call names no other."""

    def __init__(self, profile: Union[str, SigningProfile]) -> None:
        self._profile = profile

    def verify(self, **webhook: Unpack[WebhookToVerify]) -> bool:
        """See verify_webhook."""
        webhook.setdefault("profile", self._profile)
        return verify_webhook(**webhook)

    def verify_or_raise(self, **webhook: Unpack[WebhookToVerify]) -> None:
        """See verify_webhook_or_raise."""
        webhook.setdefault("profile", self._profile)
        verify_webhook_or_raise(**webhook)
