"""Why there is no answer."""


class Unreachable(Exception):
    """No answer: refused, not found, timed out, cut off, or no HTTP. The text says which.

    `is_sent`: the request may have arrived all the same.
    """

    def __init__(self, why: str, is_sent: bool = False) -> None:
        super().__init__(why)
        self.is_sent = is_sent


class Untrusted(Unreachable):
    """The other side could not prove who it is, or the road is not safe for tokens. Nothing was sent.

    `is_out_of_time`: its certificate is good, but not at this device's date.
    """

    def __init__(self, why: str, is_out_of_time: bool = False) -> None:
        super().__init__(why)
        self.is_out_of_time = is_out_of_time
