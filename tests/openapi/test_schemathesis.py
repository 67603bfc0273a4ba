"""Schemathesis drives the server by our own description: no 5xx, and no answer that the description does not know."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.wire import StoppedClock
from tests.house import SECRET, furnish, open_house
from tests.openapi import pool
from tests.openapi.witness import Witness
from tests.rules.tree import ROOT

EXAMPLES = 15
SCHEMATHESIS = (sys.executable, "-m", "schemathesis.cli")
# Where good data must be taken: elsewhere it is made-up codes and tokens, which are refused as they must be.
TAKEN = (
    *("resources", "me", "readings.add", "readings.list", "mqtt_credentials", "userinfo", "userinfo_by_post"),
    *("health", "jwks", "openapi", "stylesheet"),
    *("authorization_server_metadata", "openid_configuration", "protected_resource_metadata"),
)
# What is only had with credentials that are good: a run that never gets there proves little.
REACHED = (
    *(("POST /token", 200), ("POST /introspect", 200), ("POST /device_authorization", 200), ("POST /par", 201)),
    *(("POST /bc-authorize", 200), ("POST /register", 201), ("PUT /register/{client_id}", 200), ("GET /userinfo", 200)),
    *(("DELETE /register/{client_id}", 204), ("POST /api/readings", 201), ("DELETE /api/readings", 200)),
    *(("POST /mqtt/credentials", 200), ("GET /devices", 200), ("POST /devices/{device_id}/name", 303)),
)
SETTINGS = """
hooks = "tests.openapi.hooks"
max-redirects = 0
request-timeout = 60
suppress-health-check = ["all"]
continue-on-failure = true

[generation]
deterministic = true
max-examples = {examples}
no-shrink = true
with-security-parameters = false

[phases]
examples.enabled = false
stateful.enabled = false

[checks]
positive_data_acceptance.enabled = false

[auth.openapi]
bearer = {{ bearer = "{bearer}" }}
initial_access_token = {{ bearer = "{initial}" }}
registration_access_token = {{ bearer = "{registration}" }}
client_secret_basic = {{ username = "backend", password = "{secret}" }}

[[operations]]
include-operation-id = {taken}
checks.positive_data_acceptance.enabled = true
"""


@pytest.mark.timeout(600)  # a machine that is busy elsewhere
def test_no_answer_is_unknown_to_our_own_description(tmp_path: Path) -> None:
    with open_house(tmp_path, clock=StoppedClock(), mqtt_port=0, hold_for=0, requests_per_network=10**9) as house:
        credentials = pool.fill(furnish(house))
        witness = Witness(house.app)
        settings, kept = tmp_path / "schemathesis.toml", tmp_path / "pool.json"
        kept.write_text(pool.write(credentials))
        secrets = {name: credentials[name] for name in ("bearer", "initial", "registration")}
        settings.write_text(SETTINGS.format(examples=EXAMPLES, secret=SECRET, taken=list(TAKEN), **secrets))
        done = subprocess.run(
            [*SCHEMATHESIS, "--config-file", settings, "run", house.issuer + "/openapi.json"],
            env=os.environ | {"PORCHLIGHT_TEST_POOL": str(kept), "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
            cwd=tmp_path, capture_output=True, text=True, timeout=570, check=False,
        )  # fmt: skip
    assert [each for each in REACHED if each not in witness.answered] == []
    assert witness.undocumented == []
    assert done.returncode == 0, done.stdout + done.stderr
    counted = re.search(r"(\d+) generated", done.stdout)
    assert counted is not None, done.stdout
    assert int(counted[1]) > 1_500, done.stdout
