from __future__ import annotations

from typing import TYPE_CHECKING, Iterator, List, Optional, TypedDict, Union

from ..call import Connection, call, segment
from ..models import CreatedWebhook, ListWebhooksQuery, NewWebhook, Webhook
from ..pages import items_of
from ..profiles import SigningProfile
from ..verification import WebhookToVerify, verify_webhook, verify_webhook_or_raise

if TYPE_CHECKING:
    from typing_extensions import Unpack


class WebhookPage(TypedDict):
    items: List[Webhook]
    nextCursor: Optional[str]


class Webhooks:
    """Verifies webhooks, by default with the profile of the client, and registers them."""

    def __init__(self, connection: Connection, profile: Union[str, SigningProfile]) -> None:
        self._connection = connection
        self._profile = profile

    def verify(self, **webhook: Unpack[WebhookToVerify]) -> bool:
        """See verify_webhook."""
        webhook.setdefault("profile", self._profile)
        return verify_webhook(**webhook)

    def verify_or_raise(self, **webhook: Unpack[WebhookToVerify]) -> None:
        """See verify_webhook_or_raise."""
        webhook.setdefault("profile", self._profile)
        verify_webhook_or_raise(**webhook)

    def create(
        self, *, idempotency_key: Optional[str] = None, **webhook: Unpack[NewWebhook]
    ) -> CreatedWebhook:
        """Registers an endpoint in the format of ``/v1/webhooks``.

        The response contains the secret. No later response does, except that to the same call with its
        ``idempotency_key``.
        """
        return call(
            self._connection, "POST", "/v1/webhooks", body=webhook, idempotency_key=idempotency_key
        )

    def list(self, **query: Unpack[ListWebhooksQuery]) -> WebhookPage:
        return call(self._connection, "GET", "/v1/webhooks", query=query)

    def all(self, **query: Unpack[ListWebhooksQuery]) -> Iterator[Webhook]:
        """Yields the items of all pages. Fetches a page when the iteration reaches it."""
        return items_of(self._connection, "/v1/webhooks", query)

    def delete(self, id: str) -> None:
        """Deletes the webhook and cancels its open deliveries."""
        call(self._connection, "DELETE", f"/v1/webhooks/{segment(id)}")
