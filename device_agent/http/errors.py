"""Why there is no answer."""


class Unreachable(Exception):
    """No answer: refused, not found, timed out, cut off, or no HTTP. The text says which."""


class Untrusted(Unreachable):
    """The other side could not prove who it is, or the road is not safe for tokens. Nothing was sent."""
