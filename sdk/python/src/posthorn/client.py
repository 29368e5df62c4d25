"""A client of Posthorn's API."""

from __future__ import annotations

from typing import Optional, Union

from .call import Connection
from .profiles import SigningProfile
from .resources.audit import Audit
from .resources.consumers import Consumers
from .resources.deliveries import Deliveries
from .resources.endpoints import Endpoints
from .resources.erasures import Erasures
from .resources.event_types import EventTypes
from .resources.events import Events
from .resources.failures import Dismissals, Failures
from .resources.health import Health
from .resources.keys import Keys
from .resources.listeners import Listeners
from .resources.operational_endpoints import OperationalEndpoints
from .resources.outcomes import Outcomes
from .resources.portal_links import PortalLinks
from .resources.profiles import Profiles
from .resources.projects import OwnProject, Projects
from .resources.recoveries import Cancellations, Recoveries
from .resources.statistics import Statistics
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
        self.failures = Failures(connection)
        self.dismissals = Dismissals(connection)
        self.recoveries = Recoveries(connection)
        self.cancellations = Cancellations(connection)
        self.outcomes = Outcomes(connection)
        self.statistics = Statistics(connection)
        self.endpoints = Endpoints(connection)
        self.listeners = Listeners(connection)
        self.webhooks = Webhooks(connection, profile)
        self.event_types = EventTypes(connection)
        self.consumers = Consumers(connection)
        self.keys = Keys(connection)
        self.portal_links = PortalLinks(connection)
        self.profiles = Profiles(connection)
        self.project = OwnProject(connection)
        self.projects = Projects(connection)
        self.operational_endpoints = OperationalEndpoints(connection)
        self.erasures = Erasures(connection)
        self.audit = Audit(connection)
        self.health = Health(connection)
