"""Runs a load: checks it, shares it among generators, and puts together what they measured."""

from __future__ import annotations

import operator
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from advisor.load.address import resolve
from advisor.load.generator import Share, ShareResult
from advisor.load.limits import OpenFiles, check_open_files, check_spec
from advisor.load.result import LoadResult
from advisor.load.samples import Samples
from advisor.load.spec import LoadSpec

if TYPE_CHECKING:
    from advisor.load.processes import UnderWay


def run_load(spec: LoadSpec) -> LoadResult:
    """Send a load to a server and give what came of every request.

    One generator runs in this process, several in one process each. Ctrl-C ends the run with what was measured so
    far, marked as interrupted. Raises BadInput for a load that is out of bounds or for a host that was not allowed,
    and DoesNotFit for more clients than the limit of open files lets connect.
    """
    check_spec(spec)
    if spec.generators > 1:
        return run_load_apart(spec)
    files = check_open_files(spec)
    family, address = resolve(spec)
    share = Share(spec, number=0, family=family, address=address)
    begin = time.perf_counter()
    return _together([share.run(begin)], files, begin)


def run_load_apart(spec: LoadSpec, *, begins: Callable[[UnderWay], None] | None = None) -> LoadResult:
    """The same with every generator in a process of its own, which threads of this process do not disturb.

    ``begins`` is told when the load begins, and how to end it early; it should return at once.
    """
    from advisor.load.processes import run_shares

    check_spec(spec)
    files = check_open_files(spec)
    family, address = resolve(spec)
    shares, begin = run_shares(spec, family=family, address=address, begins=begins)
    return _together(shares, files, begin)


def _together(shares: Sequence[ShareResult], files: OpenFiles, begin_seconds: float) -> LoadResult:
    samples = Samples()
    for share in shares:
        samples.extend(share.samples)
    finished = samples.finished_seconds()
    window_seconds = max(share.window_seconds for share in shares)
    in_time = (when <= window_seconds for when in finished)
    return LoadResult(
        samples=samples,
        started=sum(share.started for share in shares),
        unfinished=sum(share.unfinished for share in shares),
        dropped_connections=sum(share.dropped_connections for share in shares),
        answered_in_window=sum(map(operator.and_, in_time, samples.answered())),
        begin_seconds=begin_seconds,
        window_seconds=window_seconds,
        elapsed_seconds=max(finished, default=0.0),
        interrupted=any(share.interrupted for share in shares),
        generators=tuple(share.use for share in shares),
        open_files=files,
    )
