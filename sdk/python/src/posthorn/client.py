"""A client of Posthorn's API."""

from __future__ import annotations

from typing import Optional, Union

from .call import Connection
from .profiles import SigningProfile
from .resources.consumers import Consumers
from .resources.deliveries import Deliveries
from .resources.endpoints import Endpoints
from .resources.event_types import EventTypes
from .resources.events import Events
from .resources.health import Health
from .resources.keys import Keys
from .resources.outcomes import Outcomes
from .resources.profiles import Profiles
from .resources.projects import OwnProject, Projects
from .resources.webhooks import Webhooks


class PosthornClient:
    """One attribute for each resource of the API.

    ``project`` is the project of the calls, if ``api_key`` is the admin key. ``profile`` is the default profile of
    ``webhooks.verify``. The timeout is 75 s by default, because a call may wait up to 60 s for its deliveries.
    """

    def __init__(
        self,
        *,
        url: str,
        api_key: str,
        project: Optional[str] = None,
        profile: Union[str, SigningProfile] = "standard-webhooks",
        timeout_seconds: float = 75,
    ) -> None:
        connection = Connection(url, api_key, project, timeout_seconds)
        self.events = Events(connection)
        self.deliveries = Deliveries(connection)
        self.outcomes = Outcomes(connection)
        self.endpoints = Endpoints(connection)
        self.webhooks = Webhooks(connection, profile)
        self.event_types = EventTypes(connection)
        self.consumers = Consumers(connection)
        self.keys = Keys(connection)
        self.profiles = Profiles(connection)
        self.project = OwnProject(connection)
        self.projects = Projects(connection)
        self.health = Health(connection)
