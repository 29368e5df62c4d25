"""Sends one event to a receiver, follows its outcomes from a cursor until it settles, and prints what happened."""

from __future__ import annotations

import json
import sys

from posthorn import PosthornClient, PosthornError


def main(api: str, key: str, receiver: str, cursor: str) -> None:
    client = PosthornClient(url=api, api_key=key)
    endpoint = client.endpoints.create(url=receiver, consumer="python")
    event = client.events.send(type="a.b", data={"é": 1}, consumer="python", wait="10s")
    kinds = []
    for outcome in client.outcomes.stream(last_event_id=cursor):
        kinds.append(outcome["kind"])
        if outcome["kind"] == "event.settled":
            break
    assert [one["id"] for one in client.events.all(consumer="python")] == [event["id"]]
    try:
        client.events.get("evt_none")
    except PosthornError as error:
        refused = [error.status, error.code]
    attempts = client.deliveries.attempts(event["deliveries"][0]["id"])
    assert attempts["items"][0]["outcome"] == "delivered"
    print(json.dumps({"secret": endpoint["secret"], "event": event, "kinds": kinds, "refused": refused}))


if __name__ == "__main__":
    main(*sys.argv[1:])
