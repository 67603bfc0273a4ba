"""The server's counter for the pages, put together: one class that does all that `web_verify.desk.Desk` promises."""

from server.desk.apps import AppDesk
from server.desk.codes import CodeDesk
from server.desk.devices import DeviceDesk
from server.desk.people import PeopleDesk


class HouseDesk(PeopleDesk, CodeDesk, AppDesk, DeviceDesk):
    """One desk per server."""
