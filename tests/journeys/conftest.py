"""What journeys may ask for beside the house: the operator's furnished storage, a phone with a real browser."""

from tests.browser import phone
from tests.commands.conftest import furnished

__all__ = ["furnished", "phone"]
