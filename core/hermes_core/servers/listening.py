"""Taking an address to listen at."""

from __future__ import annotations

import socket


def listening(host: str, port: int, *, waiting: int = 128) -> socket.socket:
    """Take an address; port 0 takes a free one. Blocking.

    Args:
        host: A name or an address.
        port: The port.
        waiting: Connections that may wait to be accepted.

    Raises:
        OSError: It cannot be had.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(waiting)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
