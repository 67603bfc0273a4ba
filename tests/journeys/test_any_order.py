"""Whatever is asked in whatever order, the law holds: a machine draws requests, an observer's ledger judges answers.

Over HTTP, against a real server with a clock that the machine moves. What must never be:
two live refresh branches of one consent; a token for a disabled client or person; more scope than was consented; a
redeemed code that lives again; an answer from a family that has ended.
"""

from collections.abc import Iterator
from typing import TypeVar

import pytest
import requests
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from server.oauth.device import GRANT_TYPE as DEVICE_CODE
from server.oauth.grants.token_exchange import ACCESS_TOKEN
from server.oauth.grants.token_exchange import GRANT_TYPE as EXCHANGE
from tests.conformance.app import BACK, GRANTS, App, came_back, decide
from tests.conformance.wire import StoppedClock
from tests.dpop import Key
from tests.forms import Forms
from tests.house import SCOPES, SECRET, Phone, RunningHouse, furnish, open_house
from tests.journeys.disabling import end_all, switch
from tests.journeys.ledger import PEOPLE, Bought, Code, Ledger, SignIn

STORE = "https://store.example/api"
DEVICES = ("tv", "keyed", "wall")  # a public client, one that proves a key, one with a secret
APPS = ("web", "site")
CLIENTS = (*DEVICES, *APPS)
PROVEN = {"keyed", "wall", "site"}  # who proves to be the same party: their lost answers may be repeated
CODE_FOR, ALARM_FOR = 60_000, 1_000_000
STEPS = (1, 7, 45, 61, 601, 901, 86_400)  # seconds: within a replay, past it, past a code, past an access token, a day
EXAMPLES, LENGTH = 80, 40
NTH = st.sampled_from((0, 0, 0, 1, 2, 5))  # the newest, mostly
WHO = st.sampled_from((*PEOPLE, *[""] * 6))  # "": whoever began, so that most stories go on
Thing = TypeVar("Thing")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    limits = {f"tries_per_{whose}": 10**9 for whose in ("session", "account", "network", "service", "caller")}
    folder, audiences = tmp_path_factory.mktemp("house"), {STORE: "profile readings:read"}
    with open_house(
        folder, database_url="memory:", clock=StoppedClock(), audiences=audiences, requests_per_network=10**9, **limits
    ) as running:
        furnish(running)
        running.add_client("keyed")
        running.add_client("wall", secret=SECRET)
        for client, secret in (("web", ""), ("site", SECRET)):
            running.add_client(client, secret=secret, grants=GRANTS, redirect_uris=(BACK,))
        running.add_client("middle", secret=SECRET, grants=(EXCHANGE,), audiences=(STORE,), scopes=SCOPES)
        running.add_client("store", secret=SECRET, grants=(), resource=STORE, may_introspect=True)
        yield running


@pytest.mark.timeout(600)  # what it finds it also makes small, which takes minutes
def test_no_order_of_requests_breaks_the_law(house: RunningHouse) -> None:
    class OfThisHouse(AnyOrder):
        pass

    OfThisHouse.house = house
    OfThisHouse.phones = {person: Phone(house, person) for person in PEOPLE}
    quiet = settings(
        max_examples=EXAMPLES,
        stateful_step_count=LENGTH,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(OfThisHouse, settings=quiet)


class AnyOrder(RuleBasedStateMachine):
    """The rules are what clients, people and operators may do; each says what it demands of the answer."""

    house: RunningHouse
    phones: dict[str, Phone]
    key = Key()

    def __init__(self) -> None:
        super().__init__()
        self.book = Ledger()

    @property
    def now(self) -> int:
        return self.house.clock()

    @initialize()
    def all_are_enabled(self) -> None:
        for name in (*CLIENTS, *PEOPLE):
            self._set_enabled(name, is_enabled=True)

    # devices and their people

    @rule(client=st.sampled_from(DEVICES), asked=st.sets(st.sampled_from(SCOPES), min_size=1))
    def begin(self, client: str, asked: set[str]) -> None:
        answer = self._send("/device_authorization", client, scope=" ".join(sorted(asked)))
        if client in self.book.disabled:
            assert answer.status_code in (400, 401), answer.text
            return
        assert answer.status_code == 200, answer.text
        ends_at = self.now + answer.json()["expires_in"] * 1_000
        self.book.sign_ins.append(SignIn(client, answer.json(), frozenset(asked), ends_at))

    @precondition(lambda self: self.book.sign_ins)
    @rule(nth=NTH, person=WHO)
    def look(self, nth: int, person: str) -> None:
        sign_in = pick(self.book.sign_ins, nth)
        self._open(sign_in, person or sign_in.likely)

    @precondition(lambda self: self.book.sign_ins)
    @rule(nth=NTH, person=WHO, left_out=st.sets(st.sampled_from(SCOPES)))
    def approve(self, nth: int, person: str, left_out: set[str]) -> None:
        sign_in = pick(self.book.sign_ins, nth)
        person = person or sign_in.likely
        left_out &= sign_in.asked
        if left_out == sign_in.asked:  # somebody who ticks everything away is asked to say no instead
            left_out = set()
        page = self._open(sign_in, person)
        is_shut = self.book.is_shut(sign_in.client, person)
        may = sign_in.state == "pending" and self.now < sign_in.expires_at and not is_shut
        if has_form(page):
            page = self.phones[person].submit(page, decision="approve", leave_out=sorted(left_out))
        if may:
            assert "connected" in page.text, page.text
            sign_in.state, sign_in.person, sign_in.scopes = "approved", person, sign_in.asked - left_out

    @precondition(lambda self: self.book.sign_ins)
    @rule(nth=NTH, person=WHO)
    def deny(self, nth: int, person: str) -> None:
        sign_in = pick(self.book.sign_ins, nth)
        person = person or sign_in.likely
        page = self._open(sign_in, person)
        if has_form(page):
            page = self.phones[person].submit(page, decision="deny")
            if sign_in.state == "pending" and page.status_code == 200 and self.now < sign_in.expires_at:
                sign_in.state = "denied"

    def _open(self, sign_in: SignIn, person: str) -> requests.Response:
        """What the phone shows. A code that two people open came from somebody else: it ends for both."""
        page = self.phones[person].open(sign_in.started)
        if (
            person not in self.book.disabled
            and sign_in.client not in self.book.disabled
            and self.now < sign_in.expires_at
        ):
            sign_in.opened_by = sign_in.opened_by or person
            if sign_in.opened_by != person and sign_in.state == "pending":
                sign_in.state = "denied"
        return page

    @precondition(lambda self: self.book.sign_ins)
    @rule(nth=NTH, client=st.sampled_from((*DEVICES, "", "", "", "")))
    def poll(self, nth: int, client: str) -> None:
        """By the client that began, mostly."""
        sign_in = pick(self.book.sign_ins, nth)
        client = client or sign_in.client
        answer = self._send("/token", client, grant_type=DEVICE_CODE, device_code=sign_in.started["device_code"])
        may = sign_in.state == "approved" and client == sign_in.client and self.now < sign_in.expires_at
        may = may and not self.book.is_shut(client, sign_in.person)
        if sign_in.bought is None:
            assert (answer.status_code == 200) == may, (sign_in, answer.text)
            if may:
                sign_in.bought = self._bought(answer, client, sign_in.person, sign_in.scopes)
            return
        family = sign_in.bought
        may = may and client in PROVEN and self.book.lives(family) and family.may_repeat_first(self.now)
        assert (answer.status_code == 200) == may, (sign_in, answer.text)
        if may:
            assert answer.json()["refresh_token"] == family.newest, "a second branch"
            self._write_down(answer, family)

    @rule(client=st.sampled_from(DEVICES), person=st.sampled_from(PEOPLE), left_out=st.sets(st.sampled_from(SCOPES)))
    def sign_in(self, client: str, person: str, left_out: set[str]) -> None:
        """The whole story at once, so that there is something for the other rules to work on."""
        if not self.book.is_shut(client, person):
            self.begin(client, set(SCOPES))
            self.approve(0, person, left_out)
            self.poll(0, "")

    # apps

    @rule(
        client=st.sampled_from(APPS),
        person=st.sampled_from(PEOPLE),
        asked=st.sets(st.sampled_from(SCOPES), min_size=1),
    )
    def consent(self, client: str, person: str, asked: set[str]) -> None:
        if self.book.is_shut(client, person):
            return
        app, phone = App(self.house, client), self.phones[person]
        back = came_back(decide(phone, app.ask(phone.web, scope=" ".join(sorted(asked)))))
        code = Code(client, back["code"], app.verifier, person, frozenset(asked), self.now)
        self.book.codes.append(code)

    @precondition(lambda self: self.book.codes)
    @rule(nth=NTH, client=st.sampled_from((*APPS, "", "", "")), is_right=st.integers(0, 3))
    def redeem(self, nth: int, client: str, is_right: int) -> None:
        """By the app that asked and with its verifier, mostly."""
        code = pick(self.book.codes, nth)
        client, age = client or code.client, self.now - code.given_at
        if age > ALARM_FOR:  # from here on the server may have forgotten that there was such a code
            return
        verifier = code.verifier if is_right else "another-verifier-of-sufficient-length-0123456789"
        form = {"code": code.code, "redirect_uri": BACK, "code_verifier": verifier}
        answer = self._send("/token", client, grant_type="authorization_code", **form)
        is_theirs = bool(client == code.client and is_right)
        may = is_theirs and code.bought is None and age < CODE_FOR and not self.book.is_shut(client, code.person)
        assert (answer.status_code == 200) == may, (code, age, answer.text)
        if may:
            code.bought = self._bought(answer, client, code.person, code.scopes)
        elif is_theirs and code.bought is not None and client not in self.book.disabled:
            code.bought.has_ended = True  # the alarm

    @rule(client=st.sampled_from(APPS), person=st.sampled_from(PEOPLE))
    def sign_in_to_an_app(self, client: str, person: str) -> None:
        if not self.book.is_shut(client, person):
            self.consent(client, person, {"profile", "readings:read"})
            self.redeem(0, "", 1)

    # whoever has tokens

    @precondition(lambda self: self.book.families)
    @rule(
        nth=NTH,
        which=st.sampled_from((0, 1, 2, -1, -1, -1)),
        client=st.sampled_from((*CLIENTS, *[""] * 8)),
    )
    def refresh(self, nth: int, which: int, client: str) -> None:
        """With the newest token and by its own client, mostly."""
        family = pick(self.book.families, nth)
        client, which = client or family.client, which % len(family.refreshes)
        self._refresh(family, which, client)

    def _refresh(self, family: Bought, which: int, client: str) -> None:
        token, is_newest = family.refreshes[which], which == len(family.refreshes) - 1
        answer = self._send("/token", client, grant_type="refresh_token", refresh_token=token)
        may = client == family.client and self.book.lives(family)
        is_late = not is_newest and client in PROVEN and family.may_repeat(which, self.now)
        is_repeat = is_late and which == len(family.refreshes) - 2  # its successor was not used yet
        assert (answer.status_code == 200) == (may and (is_newest or is_repeat)), (family, which, client, answer.text)
        if answer.status_code == 200:
            if is_newest:
                family.spent_at.append(self.now)
                family.refreshes.append(answer.json()["refresh_token"])
            assert answer.json()["refresh_token"] == family.refreshes[which + 1], "a second branch"
            assert len(set(family.refreshes)) == len(family.refreshes)
            self._write_down(answer, family)
        elif may and not is_late:
            family.has_ended = True  # the alarm: a spent token in other hands
        self._look_after(family)

    @precondition(lambda self: any(each.client == "keyed" for each in self.book.families))
    @rule(nth=NTH)
    def refresh_without_its_key(self, nth: int) -> None:
        """A stolen token of a bound family is worth nothing, and raises no alarm."""
        family = pick([each for each in self.book.families if each.client == "keyed"], nth)
        form = {"grant_type": "refresh_token", "refresh_token": family.newest, "client_id": "keyed"}
        assert self.house.post("/token", form).status_code in (400, 401)
        proof = {"DPoP": Key().proof("POST", self.house.issuer + "/token", self.now)}
        assert self.house.post("/token", form, headers=proof).status_code in (400, 401)

    @precondition(lambda self: self.book.families)
    @rule(nth=NTH, client=st.sampled_from((*CLIENTS, "", "", "")), is_access=st.booleans())
    def revoke(self, nth: int, client: str, is_access: bool) -> None:
        family = pick(self.book.families, nth)
        client = client or family.client
        if client in self.book.disabled:
            return
        living = [token for token, ends_at, is_traded in family.accesses if ends_at > self.now and not is_traded]
        token = living[-1] if is_access and living else family.newest
        answer = self._send("/revoke", client, token=token)
        if client == family.client:
            assert answer.status_code == 200, answer.text
            family.has_ended = True

    @precondition(lambda self: any(each.client != "keyed" for each in self.book.families))
    @rule(nth=NTH)
    def exchange(self, nth: int) -> None:
        """A back end trades what it was shown for a token of another API."""
        family = pick([each for each in self.book.families if each.client != "keyed"], nth)
        token, ends_at, _ = [each for each in family.accesses if not each[2]][-1]
        form = {"subject_token": token, "subject_token_type": ACCESS_TOKEN, "audience": STORE}
        answer = self._send("/token", "middle", grant_type=EXCHANGE, **form)
        may = self.book.lives(family) and self.now < ends_at and family.scopes & {"profile", "readings:read"}
        assert (answer.status_code == 200) == bool(may), (family, answer.text)
        if may:
            assert "refresh_token" not in answer.json()
            self._write_down(answer, family, is_traded=True)

    # operators, and time

    @rule(name=st.sampled_from((*CLIENTS, *PEOPLE)), ends_all=st.booleans())
    def disable(self, name: str, ends_all: bool) -> None:
        """With `ends_all` as the commands do it; without, the switch alone, as between their two steps."""
        self._set_enabled(name, is_enabled=False)
        self.book.disabled.add(name)
        if ends_all:
            self.house.do(end_all(self.house.app.house.store, name, self.now))
            self.book.end_all(name)

    @precondition(lambda self: self.book.disabled)
    @rule()
    def enable(self) -> None:
        for name in sorted(self.book.disabled):
            self._set_enabled(name, is_enabled=True)
        self.book.disabled.clear()

    @rule(seconds=st.sampled_from(STEPS))
    def let_time_pass(self, seconds: int) -> None:
        self.house.clock.advance(seconds)

    # what must be so after every step

    @invariant()
    def what_is_dead_stays_dead(self) -> None:
        dead = [each for each in self.book.families if not self.book.lives(each)]
        for family in dead[-2:]:
            for token, _, is_traded in family.accesses[-2:]:
                assert not self._is_active(token, is_traded=is_traded), family

    def teardown(self) -> None:
        """Nothing else was alive, and what should live does; every refresh token there ever was is tried once more."""
        for family in self.book.families:
            self._look_after(family, len(family.accesses))
            for which in (len(family.refreshes) - 1, *range(len(family.refreshes))):
                self._refresh(family, which, family.client)

    def _look_after(self, family: Bought, count: int = 1) -> None:
        """Its newest access tokens are worth what they should be."""
        for token, ends_at, is_traded in family.accesses[-count:]:
            lives = self.book.lives(family) and self.now < ends_at
            assert self._is_active(token, is_traded=is_traded) == lives, (family, lives)

    # how it is asked

    def _send(self, path: str, client: str, **form: str) -> requests.Response:
        """As this client proves who it is."""
        if client in ("wall", "site", "middle"):
            return self.house.post(path, form, auth=(client, SECRET))
        proof = self.key.proof("POST", self.house.issuer + path, self.now)
        return self.house.post(path, form | {"client_id": client}, headers={"DPoP": proof} if client == "keyed" else {})

    def _bought(self, answer: requests.Response, client: str, person: str, scopes: frozenset[str]) -> Bought:
        family = Bought(client, person, scopes, self.now, [answer.json()["refresh_token"]])
        known = {token for each in self.book.families for token in each.refreshes}
        assert family.newest not in known, "a token of another family"
        self.book.families.append(family)
        self._write_down(answer, family)
        return family

    def _write_down(self, answer: requests.Response, family: Bought, *, is_traded: bool = False) -> None:
        """The access token of an answer; it must hold no more than the person said yes to."""
        said = answer.json()
        assert set(said["scope"].split()) <= family.scopes, (said["scope"], family.scopes)
        family.accesses.append((said["access_token"], self.now + said["expires_in"] * 1_000, is_traded))

    def _is_active(self, token: str, *, is_traded: bool) -> bool:
        caller = "store" if is_traded else "backend"
        said = self.house.post("/introspect", {"token": token}, auth=(caller, SECRET)).json()
        assert said["active"] or said == {"active": False}
        return bool(said["active"])

    def _set_enabled(self, name: str, *, is_enabled: bool) -> None:
        self.house.do(switch(self.house.app.house.store, name, is_enabled))


def pick(things: list[Thing], nth: int) -> Thing:
    """The nth newest."""
    return things[-1 - nth % len(things)]


def has_form(page: requests.Response) -> bool:
    """Whether the page asks for a decision."""
    return any("decision" in form.names for form in Forms(page.text).all)
