"""What the page may say of both networks: yes, no, or that it cannot be known; never a yes that a proxy made up."""

import pytest

from server.desk.network import same_network


@pytest.mark.parametrize(
    ("device", "phone", "is_local", "expected"),
    [
        ("203.0.113.7", "198.51.100.1", False, False),
        ("93.184.216.34", "93.184.216.34", False, True),
        ("93.184.216.34", "93.184.216.35", False, False),
        ("2606:4700:1:2::5", "2606:4700:1:2::9", False, True),
        ("2606:4700:1:2::5", "2606:4700:1:3::9", False, False),
        ("192.168.1.5", "192.168.1.7", False, True),
        ("192.168.1.5", "192.168.2.7", False, False),
        ("192.168.1.5", "93.184.216.34", False, False),
        ("10.0.0.2", "10.0.0.2", False, None),
        ("127.0.0.1", "127.0.0.1", False, None),
        ("127.0.0.1", "127.0.0.1", True, True),
        ("fd00::1", "fd00::1", False, None),
        ("", "93.184.216.34", False, None),
        ("unix", "unix", False, None),
    ],
)
def test_xd_03_whether_phone_and_device_share_a_network(
    device: str, phone: str, is_local: bool, expected: bool | None
) -> None:
    assert same_network(device, phone, is_local=is_local) is expected
