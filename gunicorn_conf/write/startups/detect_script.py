"""The part of a start script that finds the number of workers when it runs: CPUs, memory and cgroup limits.

POSIX sh with the tools that every Debian image has (nproc, head, sed); arithmetic in thousandths of a CPU and KiB.
"""

from __future__ import annotations

from gunicorn_conf.write.startup import Scaling

_KIB = 1024
_PER_MILLE = 1000

_FUNCTIONS = """\
# A limit that is no number ("max", -1), or has more than 15 digits (cgroup v1's way to say "none"), is none.
is_number() {
    case $1 in
        '' | *[!0-9]* | ????????????????*) return 1 ;;
    esac
}

least() {
    if [ "$1" -lt "$2" ]; then echo "$1"; else echo "$2"; fi
}

first_line() {
    head -n 1 "$1" 2>/dev/null || true
}

# Thousandths of a CPU: what this process may run on, and no more than the cgroup's quota (v2, else v1).
cpu_millis() {
    millis=$(nproc 2>/dev/null || true)
    is_number "$millis" || millis=1
    millis=$((millis * 1000))
    limit=$(first_line /sys/fs/cgroup/cpu.max)
    if [ -n "$limit" ]; then
        quota=${limit%% *}
        period=${limit##* }
    else
        quota=$(first_line /sys/fs/cgroup/cpu/cpu.cfs_quota_us)
        period=$(first_line /sys/fs/cgroup/cpu/cpu.cfs_period_us)
    fi
    if is_number "$quota" && is_number "$period" && [ "$period" -gt 0 ]; then
        millis=$(least "$millis" "$((quota * 1000 / period))")
    fi
    echo "$millis"
}

# KiB: the memory of the machine, and no more than the cgroup's limit (v2, else v1); nothing where it is unknown.
memory_kib() {
    kib=$(sed -n 's/^MemTotal: *\\([0-9]*\\) kB$/\\1/p' /proc/meminfo 2>/dev/null || true)
    limit=$(first_line /sys/fs/cgroup/memory.max)
    [ -n "$limit" ] || limit=$(first_line /sys/fs/cgroup/memory/memory.limit_in_bytes)
    if is_number "$limit"; then
        limit=$((limit / 1024))
        if is_number "$kib"; then kib=$(least "$kib" "$limit"); else kib=$limit; fi
    fi
    if is_number "$kib"; then echo "$kib"; fi
}
"""


def detect_script(scaling: Scaling) -> str:
    """Lines of sh that set and export WEB_CONCURRENCY, unless it is set; they end with a line end."""
    workers = f"cpus * {scaling.per_cpu} / 1000" if scaling.per_cpu != 1 else "cpus / 1000"
    if scaling.plus:
        workers += f" + {scaling.plus}"
    share = round(scaling.memory_share * _PER_MILLE)
    worker_kib = -(-scaling.worker_bytes // _KIB)
    most = "" if scaling.most is None else f'    count=$(least "$count" {scaling.most})\n'
    return f"""{_FUNCTIONS}
# Workers: {_words(scaling)}; at least one.
workers() {{
    cpus=$(cpu_millis)
    count=$(({workers}))
    memory=$(memory_kib)
    if [ -n "$memory" ]; then
        count=$(least "$count" "$(((memory * {share} / 1000 - {scaling.arbiter_bytes // _KIB}) / {worker_kib}))")
    fi
{most}    if [ "$count" -lt 1 ]; then count=1; fi
    echo "$count"
}}

# The configuration takes the number from WEB_CONCURRENCY; one that is set (an app setting, say) wins.
if [ -z "${{WEB_CONCURRENCY:-}}" ]; then
    WEB_CONCURRENCY=$(workers)
    export WEB_CONCURRENCY
    echo "$0: $WEB_CONCURRENCY workers for $(cpu_millis) thousandths of a CPU and $(memory_kib) KiB of memory" >&2
fi
"""


def _words(scaling: Scaling) -> str:
    rule = f"({scaling.per_cpu} x CPUs) + {scaling.plus}" if scaling.plus else f"{scaling.per_cpu} for each CPU"
    share = f"{scaling.memory_share:.0%}" if scaling.memory_share * 100 % 1 == 0 else f"{scaling.memory_share:.1%}"
    memory = f"as many as {share} of the memory holds at {scaling.worker_bytes // _KIB // _KIB} MiB each"
    most = "" if scaling.most is None else f", {scaling.most}"
    return f"the least of {rule}{' and' if not most else ','} {memory}{most}"
