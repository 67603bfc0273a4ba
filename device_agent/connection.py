"""From a sign-in to an open MQTT connection: ask for credentials, check the road, connect."""

from device_agent.clean import clean
from device_agent.exits import ERROR, NETWORK, NOT_ALLOWED, RATE_LIMITED, Failure
from device_agent.mqtt.caller import Caller, MqttFailure
from device_agent.mqtt.credentials import Credentials, read_credentials
from device_agent.session import Session
from device_agent.settings import Settings


def connect(session: Session, settings: Settings, within_for: int, is_present: bool = False) -> Caller:
    """An open Caller of this sign-in. Raises Failure (asking failed) or MqttFailure (connecting failed)."""
    credentials = ask_for_credentials(session, settings)
    proof = session.road.proof_for_mqtt(session.server.issuer, credentials.password)
    caller = Caller(credentials, is_present, settings.ca_file, proof)
    caller.open(within_for)
    return caller


def ask_for_credentials(session: Session, settings: Settings) -> Credentials:
    """What `POST /mqtt/credentials` tells. Raises Failure."""
    endpoint = session.server.mqtt_credentials_endpoint
    if not endpoint:
        raise Failure(ERROR, "no_mqtt", "The server offers no MQTT.", "Use call --http.")
    answer = session.ask("POST", endpoint)
    if answer.status != 200:
        raise refused(answer.status, "MQTT", answer.json())
    try:
        credentials = read_credentials(answer.json())
    except ValueError as error:
        raise Failure(
            ERROR, "broken", f"The server's MQTT credentials make no sense: {error}.", "Tell its operator."
        ) from None
    if not credentials.is_tls and not settings.is_http_allowed:
        raise Failure(
            NETWORK,
            "insecure_mqtt",
            "The server offers MQTT without TLS only, and tokens travel over TLS only.",
            "Have its operator enable TLS, or add --insecure-http while developing.",
        )
    return credentials


def refused(status: int, what: str, body: object) -> Failure:
    """The Failure for an answer that is no success: who is to blame decides the exit code."""
    word = clean(body.get("error"), 60) if isinstance(body, dict) else ""
    more = clean(body.get("error_description"), 200) if isinstance(body, dict) else ""
    said = f"{what}: {more or word or 'refused'} ({status})."
    if status == 401 and word == "insufficient_user_authentication" and isinstance(body, dict):
        from device_agent.step_up import what_to_do

        return Failure(NOT_ALLOWED, word, said, what_to_do(body))
    if status == 401:
        return Failure(ERROR, word or "unauthorized", said, "Run porchlight-agent login to sign in again.")
    if status == 403:
        return Failure(NOT_ALLOWED, word or "forbidden", said, "Sign in again with the --scope it needs.")
    if status == 429:
        return Failure(RATE_LIMITED, word or "busy", said, "Try again in a minute.")
    if status in (502, 503, 504):
        return Failure(NETWORK, word or "unavailable", said, "Try again in a minute.")
    return Failure(ERROR, word or "refused", said)


def lost(failure: MqttFailure) -> Failure:
    """The Failure for a connection that was not made, or was lost."""
    action = "Check the network and the server's MQTT port, or use call --http."
    return Failure(NETWORK, "mqtt_unreachable", clean(str(failure)) + ".", action)
