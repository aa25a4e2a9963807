"""A server that answers every request after an exact time: ``python delayed_server.py SECONDS``; prints its port."""

from __future__ import annotations

import heapq
import select
import socket
import sys
import time

from advisor.load.poller import exact_timers

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


def serve(delay_seconds: float) -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    listener.setblocking(False)
    print(listener.getsockname()[1], flush=True)
    poller = select.epoll()
    poller.register(listener.fileno(), select.EPOLLIN)
    clients: dict[int, socket.socket] = {}
    waiting: list[tuple[float, int]] = []
    while True:
        seconds = max(waiting[0][0] - time.perf_counter(), 0.0) if waiting else 1.0
        select.select([poller.fileno()], (), (), seconds)
        now = time.perf_counter()
        while waiting and waiting[0][0] <= now:
            client = clients.get(heapq.heappop(waiting)[1])
            if client is not None:
                client.send(ANSWER)
        for fd, _ in poller.poll(0):
            if fd == listener.fileno():
                client, _ = listener.accept()
                client.setblocking(False)
                clients[client.fileno()] = client
                poller.register(client.fileno(), select.EPOLLIN)
                continue
            try:
                received = clients[fd].recv(65536)
            except ConnectionError:
                received = b""
            if received:
                heapq.heappush(waiting, (time.perf_counter() + delay_seconds, fd))
            else:
                waiting = [entry for entry in waiting if entry[1] != fd]
                heapq.heapify(waiting)
                clients.pop(fd).close()


if __name__ == "__main__":
    with exact_timers():
        serve(float(sys.argv[1]))
