"""What the pages ask of the server: the port that an authorization server hands them (RFC 8628 section 3.3).

Values are what a person may see and nothing more. Every method counts tries, checks limits and writes durably on the
server's side; the pages only show what came back. Instants are whole milliseconds since the epoch.
One file per subject.
"""

from typing import Protocol

from .accounts import (
    AccountDesk,
    Browser,
    Factor,
    Fault,
    JoinDesk,
    NewDevice,
    NoticeDesk,
    OwnAccount,
    ResetDesk,
)
from .apps import AppAsking, AppDesk, Leaving
from .codes import Asking, CodeDesk, Decided
from .devices import Device, DeviceDesk
from .inbox import InboxDesk, RequestAsking, RequestDecided, StoppedApp
from .leaving import AskedToLeave, LeavingDesk
from .live import LiveDesk
from .people import PeopleDesk, SignedIn
from .visitor import Person, Problem, ScopeText, Visitor, Why

__all__ = [
    "AccountDesk",
    "AppAsking",
    "AppDesk",
    "AskedToLeave",
    "Asking",
    "Browser",
    "CodeDesk",
    "Decided",
    "Desk",
    "Device",
    "DeviceDesk",
    "Factor",
    "Fault",
    "InboxDesk",
    "JoinDesk",
    "Leaving",
    "LeavingDesk",
    "LiveDesk",
    "NewDevice",
    "NoticeDesk",
    "OwnAccount",
    "PeopleDesk",
    "Person",
    "Problem",
    "RequestAsking",
    "RequestDecided",
    "ResetDesk",
    "ScopeText",
    "SignedIn",
    "StoppedApp",
    "Visitor",
    "Why",
]


class Desk(
    PeopleDesk,
    JoinDesk,
    ResetDesk,
    AccountDesk,
    NoticeDesk,
    CodeDesk,
    AppDesk,
    LiveDesk,
    DeviceDesk,
    InboxDesk,
    LeavingDesk,
    Protocol,
):
    """The server's counter for the pages. No method raises for anything a person can type."""
