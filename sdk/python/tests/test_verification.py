from __future__ import annotations

import ast
import hashlib
import hmac
import json
import time
import unittest
from pathlib import Path

from posthorn import PosthornClient

PAYLOAD = '{"eventId":"evt_abc123"}'
SECRET = "a secret"
HEX = hmac.new(SECRET.encode(), PAYLOAD.encode(), hashlib.sha256).hexdigest()


class Verification(unittest.TestCase):
    client = PosthornClient(url="http://127.0.0.1:1", api_key="none", profile="canvelete")

    def test_a_webhook_is_verified_with_the_profile_of_the_client(self) -> None:
        verify = self.client.webhooks.verify
        self.assertIs(verify(payload=PAYLOAD, signature=f"sha256={HEX}", secret=SECRET), True)
        self.assertIs(verify(payload=PAYLOAD + " ", signature=f"sha256={HEX}", secret=SECRET), False)

    def test_a_call_may_use_another_profile_than_the_client(self) -> None:
        verify = self.client.webhooks.verify
        self.assertTrue(verify(payload=PAYLOAD, signature=HEX, secret=SECRET, profile="cmdcal"))

    def test_a_parsed_body_is_refused_with_a_hint_to_the_raw_body(self) -> None:
        with self.assertRaisesRegex(TypeError, "pass the raw body"):
            self.client.webhooks.verify(payload=json.loads(PAYLOAD), signature=HEX, secret=SECRET)

    def test_headers_are_found_in_any_case(self) -> None:
        for name in ("X-Canvelete-Signature", "x-canvelete-signature", "X-CANVELETE-SIGNATURE"):
            headers = {"Host": "a", name: f"sha256={HEX}"}
            self.assertTrue(self.client.webhooks.verify(payload=PAYLOAD, headers=headers, secret=SECRET))
        self.assertFalse(self.client.webhooks.verify(payload=PAYLOAD, headers={}, secret=SECRET))

    def test_a_header_of_1_mb_is_parsed_in_linear_time(self) -> None:
        units = [" ", "\t", "a", ",", "=", f"sha256={HEX[::-1]} ", "t=1,v1=", "9", "+/=", "\u00e9"]
        for unit in units:
            for profile in ("standard-webhooks", "canvelete", "smartlyq"):
                header = unit * (1_000_000 // len(unit))
                before = time.thread_time()
                self.assertFalse(
                    self.client.webhooks.verify(
                        payload=PAYLOAD, signature=header, id=header, timestamp=header, secret=f"whsec_{'A' * 32}",
                        profile=profile,
                    )
                )
                self.assertLess(time.thread_time() - before, 1, (unit, profile))

    def test_an_unknown_argument_is_refused(self) -> None:
        with self.assertRaises(TypeError):
            self.client.webhooks.verify(payload=PAYLOAD, signature=HEX, secret=SECRET, tolerance=1)  # type: ignore[call-arg]


class Syntax(unittest.TestCase):
    def test_every_file_parses_as_python_3_9(self) -> None:
        files = list((Path(__file__).parents[1] / "src").rglob("*.py"))
        self.assertGreater(len(files), 10)
        for file in files:
            with self.subTest(file.name):
                ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 9))


if __name__ == "__main__":
    unittest.main()
