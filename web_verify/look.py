"""How the pages present themselves at one issuer: its name, the address people read, and where it is mounted."""

from dataclasses import dataclass

from web_verify.languages import OFFERED, Language


@dataclass(frozen=True, slots=True)
class Look:
    """What the composition root says of one issuer's pages.

    `name` is the service's name, `host` the text a person compares with the address bar, `prefix` the issuer's path
    ("" or "/t1", no slash at the end). `secure_cookies` is true wherever the pages are reached over https.
    `has_digits`: codes are nine digits, not eight letters. `idle_days`: how long a device may stay switched off.
    `takes_sign_ups`: anybody may make an account; `sends_mail`: there is a mail server to send links with.
    `languages`: those that people may choose among. `takes_passkeys`: browsers let them work at this address.
    `providers`: other providers to sign in with, each by its key and its name.
    """

    name: str
    host: str
    prefix: str = ""
    secure_cookies: bool = True
    has_digits: bool = False
    idle_days: int = 180
    takes_sign_ups: bool = False
    sends_mail: bool = False
    shortest_password: int = 15
    languages: tuple[Language, ...] = OFFERED
    takes_passkeys: bool = False
    providers: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        """Refuse a prefix that would make a link to another host, or a broken one."""
        if self.prefix and (not self.prefix.startswith("/") or self.prefix.endswith("/") or "//" in self.prefix):
            raise ValueError(f"the pages' prefix must be empty or look like /t1, not {self.prefix!r}")
