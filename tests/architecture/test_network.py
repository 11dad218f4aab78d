"""No test reaches anything but this machine."""

import socket

import pytest


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_a_connection_to_elsewhere_is_refused_before_it_is_tried(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as client, pytest.raises(PermissionError, match="stay on this machine"):
        client.connect((address, 80))
