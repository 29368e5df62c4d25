from __future__ import annotations

import unittest
from typing import Tuple

from posthorn import PosthornClient, PosthornError

from .scripted_server import ScriptedServer, Step, respond_with, stream_and_disconnect

PROBLEM = "application/problem+json"


def outcome(id: str) -> str:
    return f'id: {id}\nevent: event.settled\ndata: {{"id":"{id}","event":"evt_{id}"}}\n\n'


class Client(unittest.TestCase):
    def served_by(self, *steps: Step) -> Tuple[PosthornClient, ScriptedServer]:
        server = ScriptedServer(*steps)
        self.addCleanup(server.close)
        return PosthornClient(url=server.url + "/", api_key="ph_1", project="prj_1"), server

    def test_a_call_sends_the_key_the_project_and_the_query_parameters_that_are_set(self) -> None:
        client, server = self.served_by(respond_with(202, {"id": "evt_1"}))
        client.events.send(type="a.b", data={"é": None}, wait="10s")
        client.events.list(type="a b&c")
        self.assertEqual(
            [(request.method, request.path) for request in server.requests],
            [("POST", "/v1/events?wait=10s"), ("GET", "/v1/events?type=a+b%26c")],
        )
        self.assertEqual(server.requests[0].headers["authorization"], "Bearer ph_1")
        self.assertEqual(server.requests[0].headers["posthorn-project"], "prj_1")
        self.assertEqual(server.requests[0].body, '{"type": "a.b", "data": {"é": null}}'.encode())

    def test_a_refused_call_raises_an_error_with_the_code_the_invalid_fields_and_the_request_id(self) -> None:
        errors = [{"pointer": "/data", "detail": "is required"}]
        problem = {"code": "invalid_body", "title": "No", "detail": "Not so", "instance": "req_1", "errors": errors}
        client, _ = self.served_by(respond_with(422, problem, {"retry-after": "7"}, PROBLEM + "; charset=utf-8"))
        with self.assertRaises(PosthornError) as raised:
            client.events.get("evt_1")
        error = raised.exception
        self.assertEqual((error.status, error.code, error.detail), (422, "invalid_body", "Not so"))
        self.assertEqual((error.request_id, error.retry_after, error.errors), ("req_1", 7, errors))
        self.assertEqual(str(error), "422 invalid_body: Not so (/data is required)")

    def test_a_response_that_is_not_from_posthorn_is_an_error(self) -> None:
        client, _ = self.served_by(respond_with(502, "<p>", type="text/html"))
        with self.assertRaises(PosthornError) as raised:
            client.events.get("evt_1")
        self.assertEqual((raised.exception.status, raised.exception.code), (502, "unexpected_response"))

    def test_a_redirect_is_not_followed(self) -> None:
        _, trap = self.served_by(respond_with(200, {}))
        client, _ = self.served_by(respond_with(302, {}, {"location": trap.url}))
        with self.assertRaises(PosthornError) as raised:
            client.events.get("evt_1")
        self.assertEqual((raised.exception.status, trap.requests), (302, []))

    def test_an_id_cannot_change_the_path(self) -> None:
        client, server = self.served_by(respond_with(200, {}))
        client.consumers.get("a/../b?c")
        self.assertEqual(server.requests[0].path, "/v1/consumers/a%2F..%2Fb%3Fc")
        for id in ("", ".", ".."):
            with self.assertRaises(ValueError):
                client.consumers.get(id)

    def test_all_yields_the_items_of_all_pages_and_fetches_a_page_when_it_is_reached(self) -> None:
        client, server = self.served_by(
            respond_with(200, {"items": [{"id": "a"}, {"id": "b"}], "nextCursor": "x="}),
            respond_with(200, {"items": [{"id": "c"}], "nextCursor": None}),
        )
        items = client.endpoints.all(consumer="acme")
        self.assertEqual([next(items)["id"], next(items)["id"], len(server.requests)], ["a", "b", 1])
        self.assertEqual([item["id"] for item in items], ["c"])
        self.assertEqual(server.requests[1].path, "/v1/endpoints?consumer=acme&cursor=x%3D")

    def test_readiness_is_returned_also_with_status_503(self) -> None:
        client, _ = self.served_by(respond_with(503, {"ready": False, "components": {}}))
        self.assertEqual(client.health.readiness(), {"ready": False, "components": {}})

    def test_the_stream_of_outcomes_resumes_after_the_last_outcome_when_the_connection_is_lost(self) -> None:
        client, server = self.served_by(
            stream_and_disconnect("retry: 1\nid: 0\n\n", "id: half"),
            stream_and_disconnect(": still here\n\n", outcome("1"), outcome("2")),
            respond_with(500, {}),
            stream_and_disconnect("retry: 1\nid: 2\n\n", outcome("3")[:20], outcome("3")[20:]),
        )
        stream = client.outcomes.stream(last_event_id="start")
        seen = [next(stream) for _ in range(3)]
        self.assertEqual([one["event"] for one in seen], ["evt_1", "evt_2", "evt_3"])
        self.assertEqual(seen[0]["kind"], "event.settled")
        self.assertEqual(
            [request.headers["last-event-id"] for request in server.requests], ["start", "0", "2", "2"]
        )

    def test_the_stream_of_outcomes_raises_when_its_cursor_has_expired(self) -> None:
        client, _ = self.served_by(respond_with(410, {"code": "cursor_expired"}, type=PROBLEM))
        with self.assertRaises(PosthornError) as raised:
            next(client.outcomes.stream(last_event_id="old"))
        self.assertEqual(raised.exception.code, "cursor_expired")


if __name__ == "__main__":
    unittest.main()
