"""Servers of known behaviour: what each does with a connection is a function of the test's own."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
OK_AND_CLOSE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"

# Gets the number of the connection (from 1), the connection, and an event that is set when the test is over.
Behaviour = Callable[[int, socket.socket, threading.Event], None]


@contextlib.contextmanager
def serving(behaviour: Behaviour, *, in_turn: bool = False) -> Iterator[str]:
    """A server's address; each connection has a thread of its own, or (``in_turn``) waits for the one before."""
    over = threading.Event()
    threads: list[threading.Thread] = []

    def handle(number: int, client: socket.socket) -> None:
        with client, contextlib.suppress(ConnectionError, TimeoutError):
            client.settimeout(30)
            behaviour(number, client, over)

    def accept() -> None:
        number = 0
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            if over.is_set():
                client.close()
                return
            number += 1
            if in_turn:
                handle(number, client)
                continue
            thread = threading.Thread(target=handle, args=(number, client))
            threads.append(thread)
            thread.start()

    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        address = listener.getsockname()
        acceptor = threading.Thread(target=accept)
        acceptor.start()
        try:
            yield f"http://127.0.0.1:{address[1]}"
        finally:
            over.set()
            with contextlib.suppress(OSError), socket.create_connection(address):
                pass
            acceptor.join()
            for thread in threads:
                thread.join()


def read_request(client: socket.socket) -> bytes:
    """One request, with its body; empty when the client closed the connection."""
    received = b""
    while b"\r\n\r\n" not in received:
        more = client.recv(65536)
        if not more:
            return b""
        received += more
    head, _, body = received.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length:")), 0)
    while len(body) < length:
        body += client.recv(65536)
    return head + b"\r\n\r\n" + body


def answering(*pieces: bytes) -> Behaviour:
    """Answers one request with these pieces, each sent by itself, and closes the connection."""

    def behave(_number: int, client: socket.socket, _over: threading.Event) -> None:
        if read_request(client):
            for piece in pieces:
                client.sendall(piece)

    return behave


def answering_always(response: bytes) -> Behaviour:
    """Answers every request on a connection, until the client closes it."""

    def behave(_number: int, client: socket.socket, _over: threading.Event) -> None:
        while read_request(client):
            client.sendall(response)

    return behave


def answering_then_silent(piece: bytes) -> Behaviour:
    """Sends a piece of an answer, and then nothing until the test is over."""

    def behave(_number: int, client: socket.socket, over: threading.Event) -> None:
        if read_request(client):
            client.sendall(piece)
            over.wait(60)

    return behave


def reset(client: socket.socket) -> None:
    """Close a connection so that its other end gets a reset."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
