"""How the program ends: the exit codes, and the one exception that carries a code, a sentence and what to do."""

OK = 0
ERROR = 1
USAGE = 2
DENIED = 3
EXPIRED = 4
NETWORK = 5
RATE_LIMITED = 6
NOT_ALLOWED = 7
INTERRUPTED = 130

EXITS = (
    (OK, "it worked"),
    (ERROR, "something else went wrong; the message says what"),
    (USAGE, "wrong command, flag or setting"),
    (DENIED, "stopped on the phone"),
    (EXPIRED, "the code expired, or --timeout passed"),
    (NETWORK, "the server cannot be reached or not be trusted (TLS)"),
    (RATE_LIMITED, "the server asks to come back later"),
    (NOT_ALLOWED, "the server's policy does not allow it"),
    (INTERRUPTED, "Ctrl-C"),
)


class Failure(Exception):
    """Ends the program: `code` is one of the above, `word` is for programs, `sentence` and `action` are for people.

    `facts`: where displays have a state of the name `word`, what that state says.
    """

    def __init__(
        self, code: int, word: str, sentence: str, action: str = "", facts: "dict[str, object] | None" = None
    ) -> None:
        super().__init__(sentence)
        self.code = code
        self.word = word
        self.sentence = sentence
        self.action = action
        self.facts = facts or {}
