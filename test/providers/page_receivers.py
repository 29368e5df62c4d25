"""The receivers of the providers' pages that show one in Python.

Reads one request per line from stdin and writes true or false per line to stdout.
"""

import base64
import hashlib
import hmac
import json
import sys


def hex_hmac(secret, content):
    return hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def canvelete(headers, body, secret):
    payload = body.decode("utf-8", "replace")  # what Flask's get_data(as_text=True) returns
    return "sha256=" + hex_hmac(secret, payload.encode()) == headers.get("x-canvelete-signature")


def pdf_gorilla(headers, body, secret):
    return hmac.compare_digest(hex_hmac(secret, body), headers.get("x-pdfg-signature", ""))


def pausepoint(headers, body, secret):
    expected = "sha256=" + hex_hmac(secret, body)
    return hmac.compare_digest(expected, headers.get("x-pausepoint-signature", ""))


RECEIVERS = {"canvelete": canvelete, "pdf-gorilla": pdf_gorilla, "pausepoint": pausepoint}

for line in sys.stdin:
    request = json.loads(line)
    receiver = RECEIVERS[request["provider"]]
    try:
        accepted = receiver(request["headers"], base64.b64decode(request["body"]), request["secret"])
    except Exception:  # a handler that throws responds with 500, which refuses the request
        accepted = False
    print(json.dumps(accepted), flush=True)
