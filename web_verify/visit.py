"""One request of one visitor: what a page may ask for, and the two ways it can answer: show a page, or go elsewhere."""

from dataclasses import dataclass, field, replace
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from web_verify import session, tongue
from web_verify.desk import Desk, Leaving, Person, Visitor
from web_verify.forms import Form
from web_verify.headers import SUBMIT
from web_verify.languages import ENGLISH
from web_verify.look import Look
from web_verify.paper import Paper
from web_verify.words import speak, spoken

BROWSER_LIMIT: Final = 400  # characters of what a browser says of itself


@dataclass(frozen=True, slots=True)
class House:
    """What every page shares."""

    desk: Desk
    look: Look
    paper: Paper


@dataclass(slots=True)
class Visit:
    """A request on its way through one page. `is_new`: the cookie is set when it leaves, for longer if it `stays`.

    `form_target` is where the forms of the page may lead besides this house; with `posts_back` they lead only there.
    `is_live`: the page listens, where scripts run, for what changes; `asks_for_passkey`: a script asks for one.
    `switch` is where another language is chosen.
    """

    house: House
    request: Request
    visitor: Visitor
    is_new: bool
    stays: bool = False
    form: Form = field(default_factory=lambda: Form([]))
    form_target: str = ""
    posts_back: bool = False
    is_live: bool = False
    asks_for_passkey: bool = False
    wish: tongue.Wish = tongue.NONE
    switch: tongue.Switch | None = None

    @classmethod
    def begin(cls, house: House, request: Request) -> "Visit":
        """Know the visitor by the cookie, or draw a secret for a new one."""
        secret = session.read(request, house.look)
        address = request.client.host if request.client else ""
        browser = request.headers.get("user-agent", "")[:BROWSER_LIMIT]
        request_id = str(request.scope.get("porchlight.request_id", ""))
        wish = tongue.wish_of(request, house.look)
        visitor = Visitor(secret or session.draw(), address, request_id, browser)
        visit = cls(house, request, visitor, is_new=secret is None, wish=wish)
        speak(wish.language or ENGLISH, may_hear=() if wish.language else house.look.languages)
        return visit

    @property
    def desk(self) -> Desk:
        """The server's counter."""
        return self.house.desk

    async def person(self) -> Person | None:
        """Who is signed in here."""
        return None if self.is_new else await self.desk.person(self.visitor)

    def become(self, secret: str, *, stays: bool) -> None:
        """Go on under another secret: at sign-in the desk's, at sign-out a new guest's (no session fixation)."""
        self.visitor = replace(self.visitor, session=secret)
        self.is_new, self.stays = True, stays

    def show(self, page: str, status: int = 200, **facts: object) -> Response:
        """Answer with a page."""
        text = self.house.paper.render(
            page,
            {
                "form_token": session.form_token(self.visitor.session),
                "request_id": str(self.request.scope.get("porchlight.request_id", "")),
                "now": self.desk.now(),
                "switch": None if self.posts_back else self.switch,
                **facts,
            },
        )
        return HTMLResponse(text, status)

    def show_live(self, page: str, **facts: object) -> Response:
        """Answer with a page that listens."""
        self.is_live = True
        return self.show(page, 200, **facts)

    def go(self, path: str, *parts: str, **query: str) -> Response:
        """Send the browser on with 303, so that a form is never sent twice nor a password onwards (section 4.12).

        The way is always one of our own paths with quoted parts, never anything that a visitor named.
        """
        location = self.house.paper.href(self.house.paper.url(path, *parts), query)
        return Response(status_code=303, headers={"location": location})

    def address(self, path: str, **query: str) -> str:
        """A link to one of our own pages."""
        return self.house.paper.href(self.house.paper.url(path), query)

    def send_back(self, leaving: Leaving) -> Response:
        """Send the browser to the app, at the address that the desk vouches for; 303, or a form that it posts there."""
        if leaving.fields is not None:
            self.form_target, self.posts_back = leaving.form_target, True
            return self.show("post_back", location=leaving.location, fields=leaving.fields, submit=SUBMIT)
        return Response(status_code=303, headers={"location": leaving.location})

    def leave(self, response: Response) -> Response:
        """Set the cookie if the visitor's secret is new, and that of the language if one was chosen."""
        if self.is_new:
            session.keep(response, self.house.look, self.visitor.session, stays=self.stays)
        if self.wish.is_chosen:
            tongue.keep(response, self.house.look, spoken())
        return response
