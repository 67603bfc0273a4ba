"""`porchlight-agent run`: stay connected over MQTT, renew the token in time, come back after every loss."""

import json
import os
import signal
import sys

from device_agent.clean import clean
from device_agent.connection import connect
from device_agent.displays import choose
from device_agent.displays.port import Look
from device_agent.exits import ERROR, NETWORK, OK, RATE_LIMITED, Failure
from device_agent.flow.pace import Pace
from device_agent.http.client import Http
from device_agent.mqtt.caller import SIGNED_OUT, Caller, MqttFailure
from device_agent.session import Session, jitter, now, open_session
from device_agent.settings import Settings
from device_agent.token_file import TokenFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

CONNECT_WITHIN = 10_000
CALL_WITHIN = 10_000
FIRST_GAP = 500
STEADY_AFTER = 60_000  # a connection that lasted this long ends the back-off
LONGEST_SLEEP = 3_600_000


class Terminated(Exception):
    """SIGTERM: the supervisor wants an orderly end."""


def run(settings: Settings, words: list[str]) -> int:
    """Run until SIGTERM (exit 0), Ctrl-C (130), or until this device is signed out (1)."""
    look = Look(sys.stderr, sys.stdout, {**os.environ, "TERM": "dumb"}, is_json=settings.is_json)
    http = Http(settings.ca_file, settings.is_http_allowed)
    file = TokenFile(settings.state_dir)
    signal.signal(signal.SIGTERM, _terminate)
    try:
        with file.lock("run.lock", is_patient=False):
            Runner(settings, open_session(http, file, settings.key), look).run()
    except BlockingIOError:
        raise Failure(ERROR, "running", "porchlight-agent run is running already.", "Stop it first.") from None
    except Terminated:
        return OK
    finally:
        http.close()


class Runner:
    """Keeps one sign-in connected."""

    def __init__(self, settings: Settings, session: Session, look: Look) -> None:
        self._settings = settings
        self._session = session
        self._display = choose(look)
        self._pace = Pace(FIRST_GAP, jitter)
        self._strikes = 0

    def run(self) -> "NoReturn":
        """Connect, again and again. Ends only by Failure(signed_out), Terminated or KeyboardInterrupt."""
        while True:
            started_at = now()
            reason = self._connect_once()
            if now() - started_at > STEADY_AFTER:
                self._pace.steady()
                self._strikes = 0
            self._judge(reason)
            gap = self._pace.back_off()
            self._tell("offline", host=self._host(), reason=clean(str(reason)))
            _sleep(gap)

    def _connect_once(self) -> Exception:
        """One connection from beginning to end. Returns why it ended."""
        try:
            caller = connect(self._session, self._settings, CONNECT_WITHIN, is_present=True)
        except MqttFailure as failure:
            return failure
        except Failure as failure:
            if failure.code not in (NETWORK, RATE_LIMITED):
                raise
            return failure
        try:
            self._tell("online", host=self._host())
            return self._stay(caller)
        finally:
            caller.close()

    def _stay(self, caller: Caller) -> Exception:
        while True:
            left_for = max(0, min(self._session.due_at() - now(), LONGEST_SLEEP))
            if caller.ended.wait(left_for / 1000):
                return caller.reason
            if self._session.due_at() > now():
                continue
            before = self._session.tokens.access_token
            token = self._session.fresh_token()
            if token == before:
                continue
            try:
                status, _ = caller.call("mqtt.renew", {"access_token": token}, CALL_WITHIN)
            except MqttFailure as failure:
                return failure
            if status != 200:
                return MqttFailure(f"the broker did not take the renewed token ({status})")
            self._strikes = 0

    def _judge(self, reason: Exception) -> None:
        """0x87, 0x98: the token is no longer good. A fresh one tells whether it had only ended, or was revoked."""
        if not isinstance(reason, MqttFailure) or reason.code not in SIGNED_OUT:
            return
        self._strikes += 1
        if self._strikes > 2:
            raise Failure(
                ERROR,
                "signed_out",
                f"This device may no longer use MQTT: {clean(str(reason))}.",
                "It was signed out elsewhere, or its sign-in does not cover MQTT. Run porchlight-agent login.",
            )
        self._session.hurry()
        try:
            self._session.fresh_token()  # raises Failure(signed_out) when that is what happened
        except Failure as failure:
            if failure.code != NETWORK:
                raise

    def _host(self) -> str:
        return self._session.tokens.issuer.partition("://")[2]

    def _tell(self, state: str, **facts: object) -> None:
        self._display.show(state, **facts)
        path = os.path.join(self._session.file.directory, "run.json")
        try:
            with open(path, "w", encoding="utf-8") as file:
                json.dump({"state": state}, file)
        except OSError:
            return  # only `status` reads it


def _sleep(gap: int) -> None:
    import time

    time.sleep(gap / 1000)


def _terminate(number: int, frame: object) -> None:
    raise Terminated
