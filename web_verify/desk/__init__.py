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
from .factors import (
    CameBack,
    CodeApp,
    CodeAppDesk,
    LinkedProvider,
    NewCodeApp,
    NotTold,
    OwnPasskey,
    PasskeyDesk,
    ProviderDesk,
    Ways,
)
from .inbox import InboxDesk, RequestAsking, RequestDecided, StoppedApp
from .leaving import AskedToLeave, LeavingDesk
from .live import LiveDesk
from .people import PeopleDesk, SecondStep, SignedIn
from .visitor import Person, Problem, ScopeText, Visitor, Why

__all__ = [
    "AccountDesk",
    "AppAsking",
    "AppDesk",
    "AskedToLeave",
    "Asking",
    "Browser",
    "CameBack",
    "CodeApp",
    "CodeAppDesk",
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
    "LinkedProvider",
    "LiveDesk",
    "NewCodeApp",
    "NewDevice",
    "NotTold",
    "NoticeDesk",
    "OwnAccount",
    "OwnPasskey",
    "PasskeyDesk",
    "PeopleDesk",
    "Person",
    "Problem",
    "ProviderDesk",
    "RequestAsking",
    "RequestDecided",
    "ResetDesk",
    "ScopeText",
    "SecondStep",
    "SignedIn",
    "StoppedApp",
    "Visitor",
    "Ways",
    "Why",
]


class Desk(
    PeopleDesk,
    JoinDesk,
    ResetDesk,
    AccountDesk,
    NoticeDesk,
    PasskeyDesk,
    CodeAppDesk,
    ProviderDesk,
    CodeDesk,
    AppDesk,
    LiveDesk,
    DeviceDesk,
    InboxDesk,
    LeavingDesk,
    Protocol,
):
    """The server's counter for the pages. No method raises for anything a person can type."""
