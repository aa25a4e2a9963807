import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.sizing.constraints import Constraints
from advisor.sizing.memory import USABLE_SHARE, plan_bytes
from advisor.sizing.recommend import recommend
from advisor.units import GIB, MIB
from advisor.workload.workload import Kind
from gunicorn_conf.errors import BadInput, DoesNotFit
from gunicorn_conf.platforms import PLATFORM_NAMES, platform
from gunicorn_conf.release import Release
from gunicorn_conf.settings import supports
from tests.advisor.hosts import make_host, make_plan
from tests.advisor.strategies import constraints, hosts, plan_or_none, workloads


def aim(plan):
    return next(limit.value for limit in plan.limits if limit.name == "demand")


@given(hosts, workloads(), constraints)
def test_the_memory_as_computed_never_exceeds_the_budget(host, workload, limits):
    plan = plan_or_none(host, workload, limits)
    if plan is None or host.memory_bytes.value is None:
        return
    allowed = USABLE_SHARE * limits.memory_share * host.memory_bytes.value
    assert plan_bytes(plan.workers, plan.threads, workload.worker_memory_bytes.value) <= allowed
    assert plan.capacity.memory_bytes <= allowed


@given(hosts, workloads(), constraints)
def test_a_plan_has_the_slots_it_aims_for_unless_a_named_limit_binds(host, workload, limits):
    plan = plan_or_none(host, workload, limits)
    if plan is None:
        return
    binding = [limit.name for limit in plan.limits if limit.binding]
    assert len(binding) == 1
    if plan.slots < aim(plan):
        assert binding[0] in {"rule", "memory", "database connections", "threads per worker"}
        assert any(binding[0] in warning for warning in plan.warnings)


@given(hosts, workloads(), constraints)
def test_every_bound_that_was_given_is_kept(host, workload, limits):
    plan = plan_or_none(host, workload, limits)
    if plan is None:
        return
    assert plan.workers >= 1
    assert 1 <= plan.threads <= limits.max_threads
    if limits.max_db_connections is not None:
        assert plan.slots <= limits.max_db_connections
    if workload.kind is Kind.CPU_BOUND or workload.thread_safe.value is False:
        assert plan.threads == 1


@given(hosts, workloads(), constraints, st.floats(1, 8), st.floats(1, 8))
def test_the_slots_aimed_for_never_fall_when_cpus_or_memory_grow(host, workload, limits, more_cpus, more_memory):
    smaller = plan_or_none(host, workload, limits)
    memory = host.memory_bytes.value
    larger = make_host(
        cpus=host.cpus.value * more_cpus,
        memory=None if memory is None else int(memory * more_memory),
        platform=host.platform.value,
        gunicorn=host.gunicorn.value,
    )
    if smaller is None:
        return
    assert aim(recommend(larger, workload, limits)) >= aim(smaller)


@given(hosts, workloads(), constraints, st.integers(0, 64 * GIB))
def test_more_memory_never_gives_fewer_slots(host, workload, limits, more):
    if host.memory_bytes.value is None or limits.max_db_connections is not None:
        return  # connections may be divided among more workers with a small rest
    smaller = plan_or_none(host, workload, limits)
    if smaller is None:
        return
    larger = make_host(cpus=host.cpus.value, memory=host.memory_bytes.value + more)
    assert min(recommend(larger, workload, limits).slots, aim(smaller)) >= min(smaller.slots, aim(smaller))


@given(hosts, workloads(), constraints)
def test_the_same_input_gives_the_same_plan(host, workload, limits):
    assert plan_or_none(host, workload, limits) == plan_or_none(host, workload, limits)


@given(hosts, workloads(), constraints)
def test_only_settings_that_the_release_knows_are_planned_and_each_has_a_reason(host, workload, limits):
    plan = plan_or_none(host, workload, limits)
    if plan is None:
        return
    release = Release.parse(host.gunicorn.value)
    names = [setting.name for setting in plan.settings]
    assert len(names) == len(set(names))
    for setting in plan.settings:
        assert supports(setting.name, release)
        assert setting.reason.strip()
    if plan.value("worker_class") == "sync":
        assert not {"worker_connections", "keepalive"} & set(names)


@given(hosts, workloads(), constraints)
def test_running_requests_may_finish_before_the_platform_kills(host, workload, limits):
    plan = plan_or_none(host, workload, limits)
    if plan is None:
        return
    window = platform(host.platform.value).stop_window_seconds
    if window is not None:
        assert 0 < plan.value("graceful_timeout") < window.value


def test_the_issue_of_two_cpus_and_waiting_requests():
    plan = make_plan(response_time_seconds=0.2)
    assert (plan.workers, plan.threads, plan.value("worker_class")) == (5, 16, "gthread")
    assert plan.capacity.concurrent_requests == 80
    assert plan.capacity.requests_per_second == pytest.approx(400)
    assert plan.capacity.memory_bytes == 560 * MIB


def test_cpu_bound_is_the_rule_with_sync_workers_and_no_threads():
    plan = make_plan(Kind.CPU_BOUND, host=make_host(cpus=4))
    assert (plan.workers, plan.threads, plan.value("worker_class")) == (9, 1, "sync")


def test_half_a_cpu_is_half_a_cpu():
    plan = make_plan(host=make_host(cpus=0.5, memory=512 * MIB))
    assert (plan.workers, plan.threads) == (2, 10)


def test_many_cpus_with_little_memory_trade_workers_for_threads():
    plan = make_plan(host=make_host(cpus=64, memory=2 * GIB))
    assert (plan.workers, plan.threads) == (13, 64)
    assert [limit.name for limit in plan.limits if limit.binding] == ["memory"]


def test_from_gunicorn_25_on_a_worker_takes_no_more_connections_than_it_has_threads():
    plan = make_plan(host=make_host(gunicorn="25.0.3"))
    assert plan.value("worker_connections") == plan.threads
    assert plan.value("keepalive") == 0
    assert plan.capacity.delivered


def test_before_gunicorn_25_the_connections_are_left_alone_and_the_plan_says_what_that_costs():
    plan = make_plan(host=make_host(gunicorn="23.0.0"))
    assert plan.value("worker_connections") is None
    assert plan.value("keepalive") > 60
    assert not plan.capacity.delivered
    assert "does not fill all 80 slots" in plan.warnings[0]


def test_one_worker_alone_delivers_its_slots_on_any_release():
    plan = make_plan(host=make_host(cpus=0.25, gunicorn="20.1.0"))
    assert plan.workers == 1
    assert plan.capacity.delivered


@pytest.mark.parametrize(("gunicorn", "disabled"), [("25.0.3", None), ("25.1.0", True), ("27.0.1", True)])
def test_the_control_socket_is_off_in_containers_from_25_1(gunicorn, disabled):
    plan = make_plan(host=make_host(platform="docker", gunicorn=gunicorn))
    assert plan.value("control_socket_disable") is disabled
    assert make_plan(host=make_host(gunicorn=gunicorn)).value("control_socket_disable") is None


def test_preload_and_max_requests_appear_only_when_asked_for():
    assert make_plan().value("preload_app") is None
    assert make_plan().value("max_requests") is None
    plan = make_plan(constraints=Constraints(preload=True, max_requests=1000))
    assert plan.value("preload_app") is True
    assert (plan.value("max_requests"), plan.value("max_requests_jitter")) == (1000, 100)


def test_an_app_that_is_not_thread_safe_gets_processes_and_hears_what_more_of_them_would_take():
    plan = make_plan(thread_safe=False)
    assert (plan.workers, plan.threads, plan.value("worker_class")) == (5, 1, "sync")
    assert any("WEB_CONCURRENCY=" in warning for warning in plan.warnings)


def test_a_rate_that_the_cpus_cannot_serve_is_said_with_the_numbers():
    plan = make_plan(Kind.CPU_BOUND, rate_per_second=1000.0, response_time_seconds=0.1)
    assert any("100 CPUs" in warning for warning in plan.warnings)


def test_memory_that_does_not_hold_one_worker_is_an_error_with_the_arithmetic():
    with pytest.raises(DoesNotFit) as error:
        make_plan(host=make_host(memory=64 * MIB))
    assert "100 MiB" in error.value.why
    assert "64 MiB" in error.value.why


def test_unknown_cpus_are_an_error_that_names_the_flag():
    with pytest.raises(BadInput) as error:
        make_plan(host=make_host(cpus=None))
    assert "--cpus" in error.value.hint


def test_unknown_memory_limits_nothing_and_is_said():
    plan = make_plan(host=make_host(memory=None))
    assert plan.slots == 80
    assert any("memory is unknown" in warning for warning in plan.warnings)


def test_a_release_older_than_supported_is_refused():
    with pytest.raises(BadInput):
        make_plan(host=make_host(gunicorn="19.9.0"))


def test_an_unknown_release_is_taken_to_be_the_newest_and_that_is_said():
    plan = make_plan(host=make_host(gunicorn=None))
    assert any("27.0.1" in text for text in plan.assumptions)


def test_what_a_described_machine_has_is_not_taken_from_this_one():
    assert make_plan(host=make_host(shared_memory=None)).value("worker_tmp_dir") is None
    assert make_plan(host=make_host(shared_memory="/run/shm", described=True)).value("worker_tmp_dir") == "/dev/shm"


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("name", PLATFORM_NAMES)
def test_every_kind_on_every_platform_has_a_plan(kind, name):
    plan = make_plan(kind, host=make_host(platform=name))
    assert plan.value("bind") == f"{platform(name).bind_host}:{platform(name).default_port}"


def test_cloud_run_needs_no_timeout_and_app_service_one_above_its_front_end():
    assert make_plan(Kind.CPU_BOUND, host=make_host(platform="cloud-run")).value("timeout") == 0
    assert make_plan(Kind.CPU_BOUND, host=make_host(platform="app-service")).value("timeout") == 240
    assert make_plan(Kind.CPU_BOUND, response_time_seconds=60.0).value("timeout") == 180


@pytest.mark.parametrize(
    ("gunicorn", "name", "kind", "said"),
    [
        ("27.0.1", "docker", Kind.IO_BOUND, True),
        ("26.0.0", "kubernetes", Kind.IO_BOUND, True),
        ("25.3.0", "docker", Kind.IO_BOUND, False),
        ("27.0.1", "app-service", Kind.IO_BOUND, False),
        ("27.0.1", "bare", Kind.IO_BOUND, False),  # it binds to the loopback: a proxy is in front
        ("27.0.1", "docker", Kind.CPU_BOUND, False),
    ],
)
def test_from_gunicorn_26_on_clients_that_connect_directly_are_a_warning(gunicorn, name, kind, said):
    plan = make_plan(kind, host=make_host(platform=name, gunicorn=gunicorn))
    assert any("reverse proxy" in warning for warning in plan.warnings) is said


@pytest.mark.parametrize(
    ("gunicorn", "why"), [("20.1.0", "not known well enough"), ("23.0.0", "hangs workers"), ("24.1.1", "not known")]
)
def test_a_release_without_the_cure_says_why(gunicorn, why):
    assert why in make_plan(host=make_host(gunicorn=gunicorn)).warnings[0]


def test_what_is_free_on_this_machine_says_nothing_about_one_that_was_described():
    assert any("is free now" in text for text in make_plan(host=make_host(available=64 * MIB)).warnings)
    described = make_plan(host=make_host(available=64 * MIB, described=True))
    assert not any("is free now" in text for text in described.warnings)


@pytest.mark.parametrize(("memory", "said"), [(1.75, True), (1.81, True), (3.5, False), (8.0, False)])
def test_more_than_a_small_app_service_plan_has_left_is_a_warning(memory, said):
    host = make_host(cpus=1.0, memory=int(memory * GIB), platform="app-service")
    plan = make_plan(host=host, worker_memory_bytes=300 * MIB)
    assert any("two tiny apps" in warning for warning in plan.warnings) is said


def test_a_cpu_bound_app_is_not_asked_whether_it_is_thread_safe():
    assert not any("thread-safe" in text for text in make_plan(Kind.CPU_BOUND).assumptions)
    assert any("thread-safe" in text for text in make_plan(Kind.MIXED).assumptions)
