"""The server's counter for the pages, put together: one class that does all that `web_verify.desk.Desk` promises."""

from server.desk.accounts import AccountDesk
from server.desk.afterwards import AfterwardsDesk
from server.desk.apps import AppDesk
from server.desk.code_apps import CodeAppDesk
from server.desk.codes import CodeDesk
from server.desk.devices import DeviceDesk
from server.desk.inbox import InboxDesk
from server.desk.joining import JoinDesk
from server.desk.leaving import LeavingDesk
from server.desk.live import LiveDesk
from server.desk.passkeys import PasskeyDesk
from server.desk.people import PeopleDesk
from server.desk.providers import ProviderDesk
from server.desk.reports import ReportDesk


class HouseDesk(
    PeopleDesk,
    JoinDesk,
    AccountDesk,
    PasskeyDesk,
    CodeAppDesk,
    ProviderDesk,
    CodeDesk,
    AfterwardsDesk,
    AppDesk,
    DeviceDesk,
    LiveDesk,
    InboxDesk,
    ReportDesk,
    LeavingDesk,
):
    """One desk per server."""
