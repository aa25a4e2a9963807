"""Drives all connections of one generator: starts requests when they are due, and notes how each ended."""

from __future__ import annotations

import gc
import math
import time
from array import array
from collections import deque
from collections.abc import Callable, Sequence

from advisor.load.connection import GOES_ON, ONE_SEGMENT_BYTES, READ_BYTES, Address, Connection, Target
from advisor.load.poller import READ, WRITE, Poller
from advisor.load.samples import KIND_MASK, MICROSECONDS, STATUS_BITS, Kind, Samples
from advisor.load.schedule import ORDER_LENGTH

# A client that could not connect rests for so long, so that a server that is gone is not asked 100,000 times a second.
_REST_SECONDS = 0.01
# Timeouts are looked for so often: a twentieth of the timeout, within these bounds. What ends in between is found
# late, but counts as a timeout all the same.
_LEAST_SWEEP_SECONDS = 0.005
_MOST_SWEEP_SECONDS = 0.1
# So many requests of an open loop that is behind are sent before answers are looked at again.
_MOST_AT_ONCE = 32

# An outcome's kind and that of a broken connection, as they lie in the number.
_KIND = KIND_MASK << STATUS_BITS
_RESET = Kind.RESET << STATUS_BITS

_now = time.perf_counter


class Engine:
    """One generator. ``run`` may be called once; what it measured is in ``samples`` even when it was interrupted.

    ``targets`` are the requests in their order, which is repeated: ORDER_LENGTH of them. ``gap_seconds`` is the least
    time from one request of a closed loop to the next, whichever client sends it. ``stop_fd`` is a file that becomes
    readable when the run shall end early.
    """

    def __init__(
        self,
        *,
        poller: Poller,
        family: int,
        address: Address,
        targets: Sequence[Target],
        keep_alive: bool,
        timeout_seconds: float,
        gap_seconds: float = 0.0,
        new_connection: Callable[[], Connection] = Connection,
        stop_fd: int | None = None,
    ) -> None:
        self.samples = Samples()
        self.started = 0
        self.dropped_connections = 0
        self.stopped = False
        self._poller = poller
        self._family = family
        self._address = address
        self._targets = targets
        self._no_delay = any(target.size > ONE_SEGMENT_BYTES for target in targets)
        self._keep_alive = keep_alive
        self._timeout = timeout_seconds
        self._connections: dict[int, Connection] = {}
        self._idle: list[Connection] = []
        self._resting: deque[float] = deque()
        self._closed_loop = False
        self._gap = gap_seconds
        self._new = new_connection
        self._next_start = 0.0
        self._open = 0
        self._begin = 0.0
        self._stop_fd = stop_fd
        if stop_fd is not None:
            poller.register(stop_fd, READ)

    def run_closed(self, clients: int, *, begin: float, seconds: float, most_requests: int) -> None:
        """Keep ``clients`` requests under way from the moment ``begin`` on, for ``seconds``; then wait for the last.

        There are ``most_requests`` at most.
        """
        self._closed_loop = True
        self._run(begin, begin + seconds, most_requests, clients, array("d"))

    def run_open(self, due: array[float], *, begin: float) -> None:
        """Send a request at each due time, counted from the moment ``begin``; then wait for the last."""
        self._run(begin, math.inf, math.inf, 0, due)

    def close(self) -> None:
        """Close all connections."""
        for connection in self._connections.values():
            connection.socket.close()
        self._connections.clear()
        self._idle.clear()

    def _run(self, begin: float, end: float, most: float, clients: int, due: array[float]) -> None:
        self._begin = begin
        collecting = gc.isenabled()
        gc.disable()  # a collection takes milliseconds, which would be counted as the server's
        try:
            while _now() < begin and not self.stopped:
                self._handle(self._poller.wait_exactly(begin - _now()), end, most)
            for _ in range(clients):
                if self._gap:
                    self._rest(_now())
                elif self.started < most:
                    self._start(_now())
            self._turn(end, most, due)
        finally:
            if collecting:
                gc.enable()

    def _turn(self, end: float, most: float, due: array[float]) -> None:
        wait = self._poller.wait if self._closed_loop else self._poller.wait_exactly
        sweep_every = min(max(self._timeout / 20, _LEAST_SWEEP_SECONDS), _MOST_SWEEP_SECONDS)
        begin, number, count = self._begin, 0, len(due)
        sweep_at = _now() + sweep_every
        while not self.stopped and (self._open or self._resting or number < count):
            moment = _now()
            until = sweep_at
            if number < count:
                until = min(until, begin + due[number])
            if self._resting:
                until = min(until, self._resting[0])
            self._handle(wait(until - moment), end, most)
            moment = _now()
            last = min(number + _MOST_AT_ONCE, count)
            while number < last and begin + due[number] <= moment:
                self._start(begin + due[number])
                number += 1
                moment = _now()
            while self._resting and self._resting[0] <= moment:
                self._resting.popleft()
                if moment < end and self.started < most:
                    self._start(moment)
            if moment >= sweep_at:
                self._sweep(moment)
                sweep_at = moment + sweep_every

    def _handle(self, events: list[tuple[int, int]], end: float, most: float) -> None:
        """Go on with the connections on which something happened: the path that every answer takes."""
        connections, targets, samples = self._connections, self._targets, self.samples
        add_due, add_lateness = samples.due_microseconds.append, samples.lateness_seconds.append
        add_service, add_outcome = samples.service_seconds.append, samples.outcomes.append
        begin, timeout, keep_alive = self._begin, self._timeout, self._keep_alive
        goes_on_at_once = self._closed_loop and not self._gap
        for fd, event in events:
            connection = connections.get(fd)
            if connection is None:
                self.stopped = self.stopped or fd == self._stop_fd
                continue
            target = connection.target
            if target is None:
                self._look_at_idle(connection)
                continue
            if event == READ and connection.fresh:
                try:
                    data = connection.socket.recv(READ_BYTES)
                except OSError as error:
                    ended = connection.broke(error)
                else:
                    if data == target.known:
                        ended = target.known_outcome
                        connection.keep = target.known_keep
                    else:
                        ended = connection.take(data)
                        if ended == GOES_ON:
                            ended = connection.advance()
            else:
                ended = connection.advance()
                if connection.write_watched and not connection.unsent:
                    connection.write_watched = False
                    self._poller.modify(fd, READ)
            if ended == GOES_ON or (ended & _KIND == _RESET and self._try_again(connection, ended)):
                continue
            moment = _now()
            sent = connection.sent
            if moment - sent > timeout:
                ended = target.failed(Kind.TIMEOUT)
            add_due(int((connection.due - begin) * MICROSECONDS))
            add_lateness(sent - connection.due)
            add_service(moment - sent)
            add_outcome(ended)
            if not goes_on_at_once:
                self._open -= 1
                self._put_away(connection)
                if self._closed_loop:
                    self._rest(moment)
            elif moment >= end or self.started >= most:
                self._open -= 1
                self._drop(connection)
            else:
                target = targets[self.started % ORDER_LENGTH]
                self.started += 1
                connection.retried = False
                if keep_alive and connection.keep:
                    connection.due = connection.sent = moment
                    connection.served = True
                    if connection.send(target) is not None or not connection.fresh:
                        self._send_anew(connection, target)
                else:
                    self._drop(connection)
                    connection.due = connection.sent = _now()
                    self._connect(connection, target)

    def _start(self, due: float) -> None:
        """Send the next request, on a connection that is idle or on a new one."""
        target = self._targets[self.started % ORDER_LENGTH]
        self.started += 1
        self._open += 1
        connection = self._idle.pop() if self._idle else self._new()
        connection.due = due
        connection.sent = due if self._closed_loop else _now()
        connection.retried = False
        if connection.fd < 0:
            self._connect(connection, target)
        elif connection.send(target) is not None or not connection.fresh:
            self._send_anew(connection, target)

    def _connect(self, connection: Connection, target: Target) -> None:
        failed = connection.open(self._family, self._address, no_delay=self._no_delay)
        if failed is None:
            failed = connection.send(target)
            if failed is None:
                fd = connection.fd
                self._connections[fd] = connection
                connection.write_watched = not connection.fresh
                self._poller.register(fd, READ if connection.fresh else READ | WRITE)
                return
            connection.socket.close()
        connection.fd = -1
        self._end(connection, target.failed(failed))

    def _send_anew(self, connection: Connection, target: Target) -> None:
        """Go on after a send on a used connection that did not go through at once."""
        ended = target.failed(Kind.RESET)
        if connection.unsent:
            connection.write_watched = True
            self._poller.modify(connection.fd, READ | WRITE)
        elif not self._try_again(connection, ended):
            self._drop(connection)
            self._end(connection, ended)

    def _try_again(self, connection: Connection, ended: int) -> bool:
        """Send a request on a new connection, when the used one turned out to be closed; once, and if HTTP allows."""
        target = connection.target
        if target is None or not target.idempotent or not connection.served or connection.retried:
            return False
        if ended & _KIND != _RESET:
            return False
        self.dropped_connections += 1
        connection.retried = True
        self._drop(connection)
        self._connect(connection, target)
        return True

    def _end(self, connection: Connection, ended: int) -> None:
        """Note how a request ended apart from an answer; in a closed loop its client rests, then sends the next."""
        moment = _now()
        samples = self.samples
        samples.due_microseconds.append(int((connection.due - self._begin) * MICROSECONDS))
        samples.lateness_seconds.append(connection.sent - connection.due)
        samples.service_seconds.append(moment - connection.sent)
        samples.outcomes.append(ended)
        self._open -= 1
        if self._closed_loop:
            self._rest(moment + _REST_SECONDS)

    def _rest(self, until: float) -> None:
        """Let a client of a closed loop send its next request at that moment, or once the gap allows it."""
        self._next_start = max(self._next_start + self._gap, until)
        self._resting.append(self._next_start)

    def _put_away(self, connection: Connection) -> None:
        if not (self._keep_alive and connection.keep):
            self._drop(connection)
            return
        connection.served = True
        connection.target = None
        self._idle.append(connection)

    def _look_at_idle(self, connection: Connection) -> None:
        """Drop an idle connection that the server closed, or on which it says what nobody asked for."""
        try:
            connection.socket.recv(READ_BYTES)
        except OSError as error:
            if connection.waits(error):
                return
        self.dropped_connections += 1
        self._idle.remove(connection)
        self._drop(connection)

    def _drop(self, connection: Connection) -> None:
        fd = connection.fd
        self._poller.unregister(fd)
        del self._connections[fd]
        connection.socket.close()
        connection.fd = -1

    def _sweep(self, moment: float) -> None:
        """End the requests whose time is over; in a closed loop their clients rest, then send the next."""
        latest = moment - self._timeout
        for connection in [c for c in self._connections.values() if c.target is not None and c.sent < latest]:
            target = connection.target
            assert target is not None
            self._drop(connection)
            self._end(connection, target.failed(Kind.TIMEOUT))
