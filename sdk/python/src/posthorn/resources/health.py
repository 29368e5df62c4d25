from __future__ import annotations

from typing import Dict

from ..call import Connection, call
from ..models import Readiness


class Health:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def check(self) -> Dict[str, bool]:
        return call(self._connection, "GET", "/healthz")

    def readiness(self) -> Readiness:
        """Also returns if Posthorn is not ready; see ``ready``."""
        return call(self._connection, "GET", "/readyz", also_accept=503)
