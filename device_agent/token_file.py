"""The sign-in on disk: a file of mode 0600, replaced whole, and safely on disk before a new token is used."""

import os

from device_agent.exits import ERROR, Failure
from device_agent.tokens import VERSION, Tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

ROOM = 16 * 1024  # more than any sign-in needs
_NAME = "tokens.json"


class TokenFile:
    """The file in `directory`, the state directory of the settings. Every error is a Failure that says what to do."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.path = os.path.join(directory, _NAME)
        self._mark = os.path.join(directory, "renewing")

    def load(self) -> Tokens | None:
        """The sign-in that is kept, None when there is none. A file that makes no sense is left where it is."""
        import json

        try:
            with open(self.path, "rb") as file:
                raw = file.read(ROOM * 4)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Failure(
                ERROR,
                "unreadable_sign_in",
                f"The sign-in in {self.path} cannot be read: {error.strerror}.",
                "Correct its owner and permissions, or set --state-dir.",
            ) from None
        try:
            values = json.loads(raw)
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict) or values.get("version") != VERSION:
            raise _broken(self.path)
        tokens = Tokens(values)
        if not tokens.access_token or not tokens.issuer or not tokens.client_id:
            raise _broken(self.path)
        return tokens

    def reserve(self) -> "Room":
        """Take the room for a sign-in on disk now, so that a full or read-only disk is found before asking for one."""
        try:
            os.makedirs(self.directory, mode=0o700, exist_ok=True)
            self._sweep()
            return Room(self)
        except OSError as error:
            raise self.unwritable(error) from None

    def remove(self) -> None:
        """Forget the sign-in on this device."""
        try:
            os.unlink(self.path)
            self.unmark()
            sync(self.directory)
        except FileNotFoundError:
            return
        except OSError as error:
            raise self.unwritable(error) from None

    def set_aside(self, path: str = "") -> str:
        """Move a broken file (default: the sign-in) to a name of its own, so that nothing is lost. The new path."""
        path, number = path or self.path, 1
        while os.path.exists(f"{path}.broken-{number}"):
            number += 1
        aside = f"{path}.broken-{number}"
        try:
            os.rename(path, aside)
        except OSError as error:
            raise self.unwritable(error) from None
        return aside

    def mark(self) -> None:
        """Remember that a renewal is under way, whose answer may never be seen (SIGTERM, a crash, a dead network)."""
        with open(self._mark, "ab"):
            return

    def unmark(self) -> None:
        """The renewal was answered."""
        if os.path.exists(self._mark):
            os.unlink(self._mark)

    def is_marked(self) -> bool:
        """Whether a renewal was sent and never answered."""
        return os.path.exists(self._mark)

    def lock(self, name: str = "lock", is_patient: bool = True) -> "Lock":
        """A lock between processes of this device. Raises BlockingIOError on entry if taken and not patient."""
        return Lock(self, os.path.join(self.directory, name), is_patient)

    def unwritable(self, error: OSError) -> Failure:
        """The Failure for a directory that takes nothing."""
        return Failure(
            ERROR,
            "unwritable_sign_in",
            f"The sign-in cannot be kept in {self.directory}: {error.strerror}. What was there is unchanged.",
            "Make room or correct the permissions, or set --state-dir.",
        )

    def _sweep(self) -> None:
        # What processes that were killed left here was never used, but it should not pile up.
        for name in os.listdir(self.directory):
            _, _, owner = name.partition(".new-")
            if owner.isdecimal() and not _is_alive(int(owner)):
                os.unlink(os.path.join(self.directory, name))


class Room:
    """Reserved room beside the file: `keep` makes it the file, leaving the `with` block gives it back."""

    def __init__(self, file: TokenFile) -> None:
        self._file = file
        self._path = f"{file.path}.new-{os.getpid()}"
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.fchmod(self._descriptor, 0o600)
            _write(self._descriptor, b" " * ROOM)
        except OSError:
            self.give_back()
            raise

    def keep(self, tokens: Tokens) -> None:
        """Write, fsync and rename. Returns when the sign-in would survive a power cut; until then the old one does."""
        import json

        raw = json.dumps(tokens.values(), indent=1).encode() + b"\n"
        try:
            _write(self._descriptor, raw)
            os.ftruncate(self._descriptor, len(raw))
            os.fsync(self._descriptor)
            os.replace(self._path, self._file.path)
            sync(self._file.directory)
        except OSError as error:
            raise self._file.unwritable(error) from None
        finally:
            self.give_back()

    def give_back(self) -> None:
        """Free the room if it was not used; harmless when it was."""
        if self._descriptor < 0:
            return
        os.close(self._descriptor)
        self._descriptor = -1
        if os.path.exists(self._path):
            os.unlink(self._path)

    def __enter__(self) -> "Room":
        return self

    def __exit__(self, kind: object, error: object, trace: "TracebackType | None") -> None:
        self.give_back()


class Lock:
    """Held within a `with` block; given back by the system when the process dies."""

    def __init__(self, file: TokenFile, path: str, is_patient: bool) -> None:
        self._file = file
        self._path = path
        self._is_patient = is_patient
        self._descriptor = -1

    def __enter__(self) -> "Lock":
        import fcntl

        try:
            os.makedirs(self._file.directory, mode=0o700, exist_ok=True)
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | (0 if self._is_patient else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(self._descriptor)
            raise
        except OSError as error:
            raise self._file.unwritable(error) from None
        return self

    def __exit__(self, kind: object, error: object, trace: "TracebackType | None") -> None:
        os.close(self._descriptor)


def _broken(path: str) -> Failure:
    return Failure(
        ERROR,
        "broken_sign_in",
        f"The sign-in in {path} is damaged; it was left as it is.",
        "Run porchlight-agent login to sign in again; the damaged file is kept beside the new one.",
    )


def _write(descriptor: int, raw: bytes) -> None:
    # A disk that fills up takes a part first, without an error.
    written = 0
    while written < len(raw):
        written += os.pwrite(descriptor, raw[written:], written)


def sync(directory: str) -> None:
    """Have the names in a directory survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
