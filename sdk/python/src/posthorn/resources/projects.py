from __future__ import annotations

from typing import TYPE_CHECKING, Iterator, List, Optional, TypedDict

from ..call import Connection, call, segment
from ..models import (
    ChangedProject,
    CreatedProject,
    Erasure,
    ListedProject,
    ListProjectsQuery,
    NewProject,
    Project,
    ProjectChanges,
)
from ..pages import items_of

if TYPE_CHECKING:
    from typing_extensions import Unpack


class ProjectPage(TypedDict):
    items: List[ListedProject]
    nextCursor: Optional[str]


class Projects:
    """Needs the admin key."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(self, **project: Unpack[NewProject]) -> CreatedProject:
        """The response contains the project's key. No later response does."""
        return call(self._connection, "POST", "/v1/projects", body=project)

    def list(self, **query: Unpack[ListProjectsQuery]) -> ProjectPage:
        return call(self._connection, "GET", "/v1/projects", query=query)

    def all(self, **query: Unpack[ListProjectsQuery]) -> Iterator[ListedProject]:
        """Yields the items of all pages. Fetches a page when the iteration reaches it."""
        return items_of(self._connection, "/v1/projects", query)

    def get(self, id: str) -> Project:
        return call(self._connection, "GET", f"/v1/projects/{segment(id)}")

    def update(self, id: str, **changes: Unpack[ProjectChanges]) -> ChangedProject:
        return call(self._connection, "PATCH", f"/v1/projects/{segment(id)}", body=changes)

    def delete(self, id: str) -> Erasure:
        """Erases the project with everything in it. ``erasures.get`` reports the end."""
        return call(self._connection, "DELETE", f"/v1/projects/{segment(id)}")


class OwnProject:
    """The project that the key belongs to."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self) -> Project:
        return call(self._connection, "GET", "/v1/project")

    def update(self, **changes: Unpack[ProjectChanges]) -> ChangedProject:
        return call(self._connection, "PATCH", "/v1/project", body=changes)
