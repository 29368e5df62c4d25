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
    StoredProfile,
)
from ..pages import items_of

if TYPE_CHECKING:
    from typing_extensions import Unpack


class ProfilePage(TypedDict):
    items: List[ListedProfile]
    nextCursor: Optional[str]


class Profiles:
    """Of the project; with the admin's key and no project, those that all projects share."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, **query: Unpack[ListProfilesQuery]) -> ProfilePage:
        return call(self._connection, "GET", "/v1/profiles", query=query)

    def all(self, **query: Unpack[ListProfilesQuery]) -> Iterator[ListedProfile]:
        """Those of all pages, each fetched when it is reached."""
        return items_of(self._connection, "/v1/profiles", query)

    def get(self, name: str, *, version: Optional[int] = None) -> StoredProfile:
        """The newest version, or the one asked for."""
        return call(self._connection, "GET", f"/v1/profiles/{segment(name)}", query={"version": version})

    def put(self, name: str, profile: Profile) -> ChangedProfile:
        """Makes the next version, unless the newest is the same."""
        return call(self._connection, "PUT", f"/v1/profiles/{segment(name)}", body=profile)

    def preview(self, name: str, *, version: Optional[int] = None, **event: Unpack[NewPreview]) -> Preview:
        """The request that a receiver would get of an event; nothing is sent."""
        path = f"/v1/profiles/{segment(name)}/preview"
        return call(self._connection, "POST", path, query={"version": version}, body=event)
