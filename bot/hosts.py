"""Hosts and addresses: whose they are, and how they are written."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from pydantic import HttpUrl, TypeAdapter

_HOST_NAME: Final = re.compile(r"([a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}")


def is_loopback(host: str) -> bool:
    """Say whether a host name or address is this machine's own."""
    if host.lower().removesuffix(".") == "localhost":  # with a dot it is the whole name, RFC 1034, section 3.1
        return True
    try:
        return ip_address(without_brackets(host)).is_loopback
    except ValueError:
        return False


def without_brackets(host: str) -> str:
    """Give an IPv6 address as it is, which in addresses of pages stands in brackets."""
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def is_host(host: str) -> bool:
    """Say whether this is an IP address or a host name, in lower case."""
    try:
        ip_address(host)
    except ValueError:
        return _HOST_NAME.fullmatch(host) is not None
    return True


def origin_of(url: str) -> str:
    """Give scheme, host and port of an address."""
    parts = urlsplit(str(TypeAdapter(HttpUrl).validate_python(url)))
    return f"{parts.scheme}://{parts.netloc}"
