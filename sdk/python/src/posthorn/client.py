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
    """One attribute for each kind of thing that the API has.

    ``project`` names the project that calls are about, where the key is the admin's. ``profile`` is what
    ``webhooks.verify`` verifies when a call does not say. The timeout is above the 60 s that a call may wait.
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
