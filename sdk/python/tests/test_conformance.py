from __future__ import annotations

import base64
import json
import unittest
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Dict, List

from posthorn import PROFILES, WebhookVerificationError, verify_webhook, verify_webhook_or_raise

FILE = json.loads((Path(__file__).parents[2] / "conformance/signatures.json").read_text(encoding="utf-8"))


def payload_bytes(payload: Dict[str, str]) -> bytes:
    return payload["text"].encode() if "text" in payload else base64.b64decode(payload["base64"])


def arguments(case: Dict[str, Any]) -> Dict[str, Any]:
    given = {
        "payload": payload_bytes(case["payload"]),
        "secret": case["secrets"],
        "profile": case["profile"],
        "signature": case["signature"],
        "id": case.get("id"),
        "timestamp": case.get("timestamp"),
        "now": datetime.fromtimestamp(case["now"], timezone.utc),
    }
    if "toleranceSeconds" in case:
        given["tolerance_seconds"] = case["toleranceSeconds"]
    return given


def with_headers(given: Dict[str, Any]) -> Dict[str, Any]:
    """The same request with all values in its headers, as frameworks provide them."""
    profile = FILE["profiles"].get(given["profile"]) if isinstance(given["profile"], str) else given["profile"]
    values = {"$signature": given["signature"], "$id": given["id"], "$sentAt": given["timestamp"]}
    headers = {
        name.lower(): values[template]
        for name, template in profile["headers"].items()
        if values[template] is not None
    }
    rest = {name: value for name, value in given.items() if name not in ("signature", "id", "timestamp")}
    return {**rest, "headers": headers}


def ways(case: Dict[str, Any]) -> List[Dict[str, Any]]:
    given = arguments(case)
    text = [{**given, "payload": case["payload"]["text"]}] if "text" in case["payload"] else []
    return [given, with_headers(given), *text]


class Conformance(unittest.TestCase):
    def test_the_profiles_are_those_of_the_file(self) -> None:
        self.assertEqual(PROFILES, FILE["profiles"])

    def test_every_case_has_the_result_in_the_file(self) -> None:
        self.assertGreater(len(FILE["cases"]), 200)
        for case in FILE["cases"]:
            for given in ways(case):
                with self.subTest(case["name"]):
                    self.assertEqual(verify_webhook(**given), case["result"] == "accepted")
                    if case["result"] == "accepted":
                        verify_webhook_or_raise(**given)
                        continue
                    with self.assertRaises(WebhookVerificationError) as raised:
                        verify_webhook_or_raise(**given)
                    self.assertEqual(raised.exception.code, case["result"])

    def test_what_can_verify_nothing_is_an_error_of_the_program(self) -> None:
        for misuse in FILE["misuse"]:
            more = {"tolerance_seconds": misuse["toleranceSeconds"]} if "toleranceSeconds" in misuse else {}
            with self.subTest(misuse["name"]), self.assertRaises((ValueError, TypeError)):
                verify_webhook(
                    payload="", secret=misuse["secrets"], signature="x", profile=misuse["profile"], **more
                )


if __name__ == "__main__":
    unittest.main()
