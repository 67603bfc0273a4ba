"""Which passwords may be chosen: long enough, not known to thieves, not the name; nothing else is asked of them.

NIST SP 800-63B-4 section 3.1.1.2: at least 15 characters where the password is the only thing asked, no rules about
kinds of characters, no changing by the calendar, compared with a list of those that were stolen before.
"""

import unicodedata
from typing import Final, Literal

Fault = Literal["short", "long", "known", "name"]
LONGEST: Final = 1_024


def normal(typed: str) -> str:
    """The password in the one form in which it is hashed: two keyboards may write one letter in two ways (NFKC)."""
    return unicodedata.normalize("NFKC", typed)


def fault_of(password: str, *, shortest: int, names: tuple[str, ...] = ()) -> Fault | None:
    """What is wrong with a password that somebody chooses; None when nothing is, as far as one can tell without a list.

    `names` are the words that a thief would try first: of the person, the address, the service.
    """
    if len(password) < shortest:
        return "short"
    if len(password) > LONGEST:
        return "long"
    bare = password.casefold()
    rest = bare
    for name in sorted((each.casefold() for each in names if len(each) >= 3), key=len, reverse=True):
        rest = rest.replace(name, "")
    if len(rest) < 4 and rest != bare:
        return "name"
    return "known" if len(set(bare)) < 3 else None
