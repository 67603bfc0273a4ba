"""The device's key on disk: made once, mode 0600, kept over sign-ins and sign-outs; and when to use it."""

import os

from device_agent.exits import ERROR, NOT_ALLOWED, USAGE, Failure
from device_agent.token_file import TokenFile, sync

TYPE_CHECKING = False
if TYPE_CHECKING:
    from device_agent.discovery import Server
    from device_agent.key import Key
    from device_agent.tokens import Tokens

NAME = "key.pem"
ROOM = 16 * 1024  # more than any key needs
_INSTALL = "Install it: pip install 'porchlight[key]'."


def key_for_sign_in(choice: str, server: "Server", file: TokenFile) -> "tuple[Key | None, str]":
    """The key that a new sign-in is to be bound to, made now if there is none; None: it goes without. Raises Failure.

    `choice` is `--key`. The text is what to tell the person, "" when all is as always.
    """
    from device_agent import key

    if choice == "off" or (choice == "auto" and not (server.takes_keys and key.is_available())):
        return None, ""
    if not server.takes_keys:
        raise Failure(
            NOT_ALLOWED,
            "no_keys",
            "The server does not bind sign-ins to keys.",
            "Leave --key on away, or ask its operator.",
        )
    if not key.is_available():
        raise Failure(USAGE, "no_cryptography", "--key on needs the package cryptography.", _INSTALL)
    with file.lock():
        try:
            found, said = load(file), ""
        except Failure as failure:
            if failure.word != "broken_key":
                raise
            found, said = None, f"The old key was damaged; it is kept as {file.set_aside(_path(file))}."
        return found or _make(file), said


def key_of(tokens: "Tokens", file: TokenFile) -> "Key | None":
    """The key that this sign-in is bound to, None when it is not bound. Raises Failure when it is not here any more."""
    if not tokens.jkt:
        return None
    from device_agent import key

    if not key.is_available():
        raise Failure(
            ERROR, "no_cryptography", "This sign-in is bound to a key, and the package cryptography is gone.", _INSTALL
        )
    found = load(file)
    if found is None or found.thumbprint() != tokens.jkt:
        raise Failure(
            ERROR,
            "key_lost",
            f"This sign-in is bound to a key that is no longer in {_path(file)}.",
            "Bring the key back, or run porchlight-agent login to sign in again.",
        )
    return found


def load(file: TokenFile) -> "Key | None":
    """The key in the state directory, None when there is none. A file that makes no sense is left where it is."""
    from device_agent.key import read_key

    try:
        with open(_path(file), "rb") as pem:
            return read_key(pem.read(ROOM).decode("ascii"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Failure(
            ERROR,
            "unreadable_key",
            f"The key in {_path(file)} cannot be read: {error.strerror}.",
            "Correct its owner and permissions, or set --state-dir.",
        ) from None
    except ValueError:
        raise Failure(
            ERROR,
            "broken_key",
            f"The key in {_path(file)} is damaged; it was left as it is.",
            "Bring the key back, or run porchlight-agent login to sign in again with a new one.",
        ) from None


def _make(file: TokenFile) -> "Key":
    """A new key, safely on disk before anything is bound to it."""
    from device_agent.key import make_key

    made = make_key()
    new = f"{_path(file)}.new-{os.getpid()}"
    try:
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as pem:
            os.fchmod(pem.fileno(), 0o600)
            pem.write(made.pem().encode())
            pem.flush()
            os.fsync(pem.fileno())
        os.replace(new, _path(file))
        sync(file.directory)
    except OSError as error:
        if os.path.exists(new):
            os.unlink(new)
        raise file.unwritable(error) from None
    return made


def _path(file: TokenFile) -> str:
    return os.path.join(file.directory, NAME)
