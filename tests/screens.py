"""The two pictures in the README, made from the real parts: `python -m tests.screens` draws them anew.

A device asks a real server for a code. The TV is the agent's own terminal display, on a screen of 80x24, showing that
code; the phone is Chromium on the decision page that the code leads to, reached as https://tv.example.com.
"""

import io
import tempfile
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser import FLAGS
from tests.device_agent.displays.screen import Tty, photograph
from tests.house import PASSWORD, furnish, open_house
from tests.needs import require

FOLDER = Path(__file__).parents[1] / "docs/screens"
HOST = "tv.example.com"
VIEWPORT = {"width": 390, "height": 844}
ASKED = {"client_id": "tv", "device_name": "Kitchen", "scope": "profile readings:write"}


def main() -> None:
    """Draw both."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cert, key = certificate(folder)
        settings = {"issuer": f"https://{HOST}", "tls_cert": str(cert), "tls_key": str(key)}
        with open_house(folder, **settings) as house:
            port = furnish(house).app.house.settings.port
            address = f"https://127.0.0.1:{port}/device_authorization"
            started = requests.post(address, ASKED, verify=str(cert), timeout=30).json()
            save(tv(started), "tv")
            save(phone(started, port), "phone")


def tv(started: dict[str, Any]) -> Image.Image:
    """The agent waits for a phone."""
    tty = Tty(80, 24)
    shown = {name: started[name] for name in ("user_code", "verification_uri", "verification_uri_complete")}
    tty.show("waiting", **shown, expires_in=started["expires_in"], expires_at=0)
    return photograph(tty.screen)


def phone(started: dict[str, Any], port: int) -> Image.Image:
    """The person has scanned the code and signed in; the page asks for the decision."""
    flags = [*FLAGS, f"--host-resolver-rules=MAP {HOST}:443 127.0.0.1:{port}"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=require("chromium"), args=flags)
        look = chromium.new_context(
            viewport=VIEWPORT, locale="en-GB", device_scale_factor=1.5, ignore_https_errors=True
        )
        page = look.new_page()
        page.goto(started["verification_uri_complete"])
        page.fill("[autocomplete=username]", "ana")
        page.fill("[autocomplete=current-password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("[name=decision][value=approve]")
        picture = page.screenshot(full_page=True)
        chromium.close()
    return Image.open(io.BytesIO(picture)).convert("RGB")


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for an hour, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(HOST), x509.IPAddress(ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).add_extension(names, critical=False)
    signed = made.not_valid_before(now).not_valid_after(now + timedelta(hours=1)).sign(key, hashes.SHA256())
    cert_path, key_path = folder / "cert.pem", folder / "key.pem"
    cert_path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert_path, key_path


def save(picture: Image.Image, name: str) -> None:
    """As a small PNG: both pictures have few colours."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    picture.quantize(64, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
