"""What every test of the pages may ask for: a porch over HTTP, a phone with a real browser."""

from tests.browser import browser, phone
from tests.web_verify.porch import porch, street

__all__ = ["browser", "phone", "porch", "street"]
