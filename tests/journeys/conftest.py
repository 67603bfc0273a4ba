"""What journeys may ask for beside the house: the operator's furnished storage, a phone with a real browser."""

from tests.browser import browser, phone
from tests.commands.conftest import furnished

__all__ = ["browser", "furnished", "phone"]
