"""Authlib on Flask with the device flow, everything in memory, on waitress. Prints one JSON line, then serves.

It runs in an environment of its own, with Authlib, Flask and waitress from the package index.
"""

# mypy: ignore-errors
# None of these libraries is in our own environment, where types are checked.

import json
import secrets
import time

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oauth2.rfc8628 import (
    DEVICE_CODE_GRANT_TYPE,
    DeviceAuthorizationEndpoint,
    DeviceCodeGrant,
    DeviceCredentialDict,
)
from flask import Flask, Response
from waitress import create_server

INTERVAL = 5
app = Flask(__name__)
codes: dict[str, DeviceCredentialDict] = {}
paces: dict[str, list[float]] = {}


class Client(ClientMixin):
    """A public client of the device flow."""

    def get_client_id(self):
        return "bench-tv"

    def check_endpoint_auth_method(self, method, endpoint):
        return method == "none"

    def check_grant_type(self, grant_type):
        return grant_type == DEVICE_CODE_GRANT_TYPE


CLIENT = Client()
server = AuthorizationServer(app, query_client=lambda _: CLIENT, save_token=lambda token, request: None)


class Start(DeviceAuthorizationEndpoint):
    """Hands out codes."""

    CLIENT_AUTH_METHODS = ("none",)

    def generate_device_code(self):
        return secrets.token_urlsafe(32)

    def get_verification_uri(self):
        return "http://127.0.0.1/device"

    def save_device_credential(self, client_id, scope, data):
        data["expires_at"] = time.time() + data["expires_in"]
        codes[data["device_code"]] = DeviceCredentialDict(client_id=client_id, scope=scope, **data)


class Poll(DeviceCodeGrant):
    """Answers polls: all are pending; one that comes early must slow down."""

    def query_device_credential(self, device_code):
        return codes.get(device_code)

    def query_user_grant(self, user_code):
        return None

    def should_slow_down(self, credential):
        now = time.monotonic()
        pace = paces.setdefault(credential["device_code"], [0.0, INTERVAL])
        if now - pace[0] < pace[1]:
            return True
        pace[0] = now
        return False


server.register_endpoint(Start(server))
server.register_grant(Poll)


@app.post("/device_authorization")
def start() -> Response:
    return server.create_endpoint_response("device_authorization")


@app.post("/token")
def token() -> Response:
    return server.create_token_response()


if __name__ == "__main__":
    street = create_server(app, host="127.0.0.1", port=0, threads=4, channel_timeout=75, connection_limit=1_000)
    port = int(street.effective_port)
    print(json.dumps({"port": port, "device_authorization": "/device_authorization", "token": "/token"}), flush=True)
    street.run()
