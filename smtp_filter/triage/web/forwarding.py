"""From which address a request comes, where a proxy stands before the console."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address

from starlette.requests import Request


def client_address(request: Request, proxies: tuple[IPv4Network | IPv6Network, ...]) -> str:
    """The address of the browser: the last one that no trusted proxy speaks for.

    ``X-Forwarded-For`` is believed from the right as long as each hop is a trusted proxy: what a browser
    itself puts there is never reached.
    """
    address = request.client.host if request.client else ""
    hops = [hop.strip() for hop in ",".join(request.headers.getlist("x-forwarded-for")).split(",")]
    while _trusted(address, proxies) and hops:
        hop = hops.pop()
        if not _is_address(hop):
            break
        address = hop
    return address


def _trusted(address: str, proxies: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    return _is_address(address) and any(ip_address(address) in network for network in proxies)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
