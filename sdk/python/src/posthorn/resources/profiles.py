from __future__ import annotations

from typing import TYPE_CHECKING, Iterator, List, Optional, TypedDict

from ..call import Connection, call, segment
from ..models import (
    ChangedProfile,
    ListedProfile,
    ListProfilesQuery,
    NewPreview,
    Preview,
    Profile,
    Signing,
    StoredProfile,
)
from ..pages import items_of

if TYPE_CHECKING:
    from typing_extensions import Unpack


class ProfilePage(TypedDict):
    items: List[ListedProfile]
    nextCursor: Optional[str]


class Profiles:
    """The profiles of the project; with the admin key and no project, the profiles that all projects share."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, **query: Unpack[ListProfilesQuery]) -> ProfilePage:
        return call(self._connection, "GET", "/v1/profiles", query=query)

    def all(self, **query: Unpack[ListProfilesQuery]) -> Iterator[ListedProfile]:
        """Yields the items of all pages. Fetches a page when the iteration reaches it."""
        return items_of(self._connection, "/v1/profiles", query)

    def get(self, name: str, *, version: Optional[int] = None) -> StoredProfile:
        """Returns the given version, by default the newest."""
        return call(self._connection, "GET", f"/v1/profiles/{segment(name)}", query={"version": version})

    def put(self, name: str, profile: Profile) -> ChangedProfile:
        """Creates the next version, unless the newest is the same."""
        return call(self._connection, "PUT", f"/v1/profiles/{segment(name)}", body=profile)

    def signing(self) -> Signing:
        """What a receiver of the project needs to verify requests. It can be the ``profile`` of ``webhooks.verify``."""
        return call(self._connection, "GET", "/v1/signing")

    def preview(self, name: str, *, version: Optional[int] = None, **event: Unpack[NewPreview]) -> Preview:
        """Returns the request that a receiver would get for an event. Sends nothing."""
        path = f"/v1/profiles/{segment(name)}/preview"
        return call(self._connection, "POST", path, query={"version": version}, body=event)
