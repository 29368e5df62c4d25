from __future__ import annotations

from typing import TYPE_CHECKING

from ..call import Connection, call, segment
from ..models import NewPortalLink, PortalLink

if TYPE_CHECKING:
    from typing_extensions import Unpack


class PortalLinks:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(self, **link: Unpack[NewPortalLink]) -> PortalLink:
        """The response contains the link, which opens the portal once. No later response does."""
        return call(self._connection, "POST", "/v1/portal-links", body=link)

    def delete(self, id: str) -> None:
        """The link and the sessions that were opened with it end within a second."""
        call(self._connection, "DELETE", f"/v1/portal-links/{segment(id)}")
