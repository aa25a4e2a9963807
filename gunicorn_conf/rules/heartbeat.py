"""Rules on the file through which a worker shows that it is alive."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.release import Release
from gunicorn_conf.rules.certainty import depends_on, is_set_or_unset
from gunicorn_conf.rules.conf_edits import new_value
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import place_of
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject

# The heartbeat is a change of the file's times since 22, and of its mode before, which writes to the disk more often.
_UTIME_SINCE = Release(22, 0, 0)
# Where tempfile looks by default, and what people write for it.
_ON_DISK = ("/tmp", "/var/tmp", "/usr/tmp")


@depends_on("worker_tmp_dir")
def heartbeat_on_disk(subject: Subject) -> Iterator[Problem]:
    """The workers' heartbeat goes to a disk, in a container.

    Each worker touches a file once a second, in ``worker_tmp_dir`` or else in /tmp. On a container's layered file
    system or a network disk that can block for seconds, and Gunicorn then kills a healthy worker ("WORKER TIMEOUT"). On
    a read-only file system the file cannot be made at all, and Gunicorn does not start.

    Mend it with /dev/shm, which is memory and present in nearly every container.

    Example::

        worker_tmp_dir = "/tmp"        # before
        worker_tmp_dir = "/dev/shm"    # after

    Ignore it when /tmp is in memory and the files do not tell; a tmpfs in a compose file and an emptyDir with medium
    Memory are seen, and so is systemd's PrivateTmp=.
    """
    deployment = subject.deployment
    is_set = subject.config.get("worker_tmp_dir") is not None
    written = subject.config.known("worker_tmp_dir")
    if is_set and not (isinstance(written, str) and (written.rstrip("/") or "/") in _ON_DISK):
        return
    sure = is_set_or_unset(subject, "worker_tmp_dir")
    if sure is None:
        return
    directory = str(written).rstrip("/") if is_set else "/tmp"
    if directory == "/tmp" and deployment.tmp_in_memory:
        return
    of_its_own = deployment.private_tmp or (directory == "/tmp" and deployment.tmp_in_memory is False)
    read_only = deployment.read_only_root and not of_its_own
    if not (deployment.container or read_only):
        return
    if read_only:
        message = f"the root file system is read-only, and Gunicorn does not start unless {directory} is writable"
    else:
        unset = "" if is_set else " (worker_tmp_dir is not set)"
        message = (
            f"workers report themselves through a file in {directory}{unset}, which can block on a container's disk"
        )
    yield Problem(
        message=message,
        place=place_of(subject, "worker_tmp_dir"),
        help='set worker_tmp_dir = "/dev/shm"',
        setting="worker_tmp_dir",
        fix=new_value(subject, "worker_tmp_dir", '"/dev/shm"', "use /dev/shm"),
        severity=None if read_only or subject.release < _UTIME_SINCE else Severity.INFO,
        confidence=None if sure is Confidence.HIGH else sure,
    )


RULES = (
    Rule(
        code="GC319",
        name="heartbeat-on-disk",
        severity=Severity.WARNING,
        confidence=Confidence.MEDIUM,
        check=heartbeat_on_disk,
        evidence="gunicorn/workers/workertmp.py; github.com/benoitc/gunicorn issues 1863, 1305, 1194; airflow "
        "issue 9379",
    ),
)
