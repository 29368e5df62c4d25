from __future__ import annotations

from typing import TYPE_CHECKING

from ..call import Connection, call, segment
from ..models import ChangedProject, CreatedProject, NewProject, Project, ProjectChanges

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Projects:
    """Needs the admin key."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(self, **project: Unpack[NewProject]) -> CreatedProject:
        """The response contains the project's key. No later response does."""
        return call(self._connection, "POST", "/v1/projects", body=project)

    def get(self, id: str) -> Project:
        return call(self._connection, "GET", f"/v1/projects/{segment(id)}")

    def update(self, id: str, **changes: Unpack[ProjectChanges]) -> ChangedProject:
        return call(self._connection, "PATCH", f"/v1/projects/{segment(id)}", body=changes)


class OwnProject:
    """The project that the key belongs to."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self) -> Project:
        return call(self._connection, "GET", "/v1/project")

    def update(self, **changes: Unpack[ProjectChanges]) -> ChangedProject:
        return call(self._connection, "PATCH", "/v1/project", body=changes)
