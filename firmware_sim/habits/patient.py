"""Asks the server to hold its request (RFC 7240 section 4.3) and is answered when the person decides."""

from .habit import Habit


class Patient(Habit):
    """The well-behaved device of today."""

    name = "patient"
    about = "sends Prefer: wait and is answered at once"
