"""Compose files and Kubernetes manifests to commands and what they say of the deployment."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gunicorn_conf.read.text import Text
from gunicorn_conf.read.yaml_nodes import documents
from gunicorn_conf.rules.subject import Signals
from gunicorn_conf.value import Unknown
from tests.gunicorn_conf.read.readers import command, deployment, effective, subject, subjects

MEBIBYTE = 1024**2
DOCKERFILE = "FROM python:3.12-slim\nWORKDIR /app\nENV W=3\nUSER app\nCMD gunicorn -w $W a:b\n"


def compose(service: str, more: str = "") -> dict[str, str]:
    body = "".join(f"    {line}\n" for line in service.splitlines())
    return {"docker-compose.yml": f"services:\n  web:\n{body}{more}"}


def pod(container: str, spec: str = "", kind: str = "Deployment") -> dict[str, str]:
    body = "".join(f"          {line}\n" for line in container.splitlines())
    more = "".join(f"      {line}\n" for line in spec.splitlines())
    return {
        "k8s/app.yaml": f"apiVersion: apps/v1\nkind: {kind}\nspec:\n  template:\n    spec:\n{more}      containers:\n"
        f"        - name: web\n{body}"
    }


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ("command: gunicorn -w 4 a:b", {"workers": 4}),
        ('command: ["gunicorn", "-w", "4", "a:b"]', {"workers": 4}),
        ("command:\n  - gunicorn\n  - -w\n  - 4\n  - a:b", {"workers": 4}),
        ("command: >\n  gunicorn\n  -w 4\n  a:b", {"workers": 4}),
        ("command: |\n  gunicorn -w 4 a:b", {"workers": 4}),
        ('command: bash -c "migrate && gunicorn -w 4 a:b"', {"workers": 4}),
        ("entrypoint: gunicorn\ncommand: -w 4 a:b", {"workers": 4}),
        ("command: gunicorn -w ${W:-4} a:b", {"workers": 4}),
        ("command: gunicorn a:b\nenvironment:\n  WEB_CONCURRENCY: 4", {"workers": 4}),
        ("command: gunicorn a:b\nenvironment:\n  - WEB_CONCURRENCY=4\n  - OTHER", {"workers": 4}),
        ("command: gunicorn a:b\nenvironment:\n  GUNICORN_CMD_ARGS: '-w 4 -t 9'", {"workers": 4, "timeout": 9}),
        ("command: sh -c 'exec gunicorn -w $$W a:b'\nenvironment: {W: 4}", {"workers": 4}),
        ("image: x", None),
        ("command: celery worker", None),
    ],
)
def test_what_a_service_starts(service: str, expected: dict[str, object] | None) -> None:
    found = subjects(compose(service))
    assert [effective(one) for one in found] == ([expected] if expected is not None else [])


def test_anchors_and_merges_are_followed() -> None:
    text = (
        "x-common: &common\n  environment: {WEB_CONCURRENCY: 4}\nservices:\n  web:\n"
        "    <<: *common\n    command: gunicorn a:b\n"
    )
    assert effective(subject({"compose.yaml": text})) == {"workers": 4}


def test_a_service_that_extends_another() -> None:
    text = (
        "services:\n  base:\n    environment: {WEB_CONCURRENCY: 4}\n  web:\n"
        "    extends: {service: base}\n    command: gunicorn a:b\n"
    )
    assert effective(subject({"compose.yaml": text})) == {"workers": 4}


def test_variables_come_from_the_env_file_beside_and_from_env_file() -> None:
    files = {
        **compose("command: gunicorn -w ${W} a:b\nenv_file: [prod.env]"),
        ".env": "W=6\n",
        "prod.env": "GUNICORN_CMD_ARGS=-t 9\n",
    }
    assert effective(subject(files)) == {"workers": 6, "timeout": 9}


def test_a_command_of_compose_runs_in_the_image_that_it_builds() -> None:
    files = {**compose("build: .\ncommand: gunicorn -w 5 a:b"), "Dockerfile": DOCKERFILE}
    own, images = subjects(files)
    assert own.command is not None
    assert (own.command.directory, own.deployment.root, effective(own)) == ("/app", False, {"workers": 5})
    assert effective(images) == {"workers": 3}


def test_an_image_without_a_command_of_its_own_is_judged_once_with_all_that_is_known() -> None:
    found = subject({**compose("build: .\nenvironment: {W: 7}\nmem_limit: 256m"), "Dockerfile": DOCKERFILE})
    assert effective(found) == {"workers": 7}
    assert (found.deployment.memory_bytes, found.deployment.platform) == (256 * MEBIBYTE, "docker")
    assert str(found.place) == "Dockerfile:5:5"


def test_what_a_service_says_of_the_deployment() -> None:
    found = deployment(
        compose(
            "command: gunicorn a:b\ncpus: 1.5\nmem_limit: 512m\nstop_grace_period: 1m30s\n"
            "user: '1000'\nread_only: true",
            "  nginx:\n    image: nginx:1.27\n",
        )
    )
    assert (found.cpus, found.memory_bytes, found.stop_window_seconds) == (1.5, 512 * MEBIBYTE, 90)
    assert (found.root, found.read_only_root, found.proxy, found.container) == (False, True, True, True)
    assert found.sources["proxy"] == "service nginx in docker-compose.yml"


def test_limits_of_deploy() -> None:
    found = deployment(compose("command: gunicorn a:b\ndeploy: {resources: {limits: {cpus: '0.5', memory: 1G}}}"))
    assert (found.cpus, found.memory_bytes) == (0.5, 1024 * MEBIBYTE)


def test_docker_stops_after_ten_seconds_unless_told_otherwise() -> None:
    assert deployment(compose("command: gunicorn a:b")).stop_window_seconds == 10


def test_places_in_folded_text_are_those_of_the_words() -> None:
    found = command(compose("command: >\n  gunicorn\n  -w 4\n  a:b"))
    assert (str(found.place), str(found.assigned[0].value_place)) == (
        "docker-compose.yml:4:7",
        "docker-compose.yml:5:10",
    )


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        ('command: ["gunicorn", "-w", "4", "a:b"]', {"workers": 4}),
        ('command: ["gunicorn"]\nargs: ["-w", "4", "a:b"]', {"workers": 4}),
        ('args: ["gunicorn", "-w", "4", "a:b"]', {"workers": 4}),
        ('command: ["sh", "-c"]\nargs: ["exec gunicorn -w 4 a:b"]', {"workers": 4}),
        ("command: [sh, -c]\nargs:\n  - |\n    migrate\n    exec gunicorn -w 4 a:b", {"workers": 4}),
        ('command: ["gunicorn", "-w", "$(W)", "a:b"]\nenv:\n  - name: W\n    value: "4"', {"workers": 4}),
        ('command: ["sh", "-c", "exec gunicorn -w $W a:b"]\nenv:\n  - {name: W, value: "4"}', {"workers": 4}),
        ('command: ["gunicorn", "a:b"]\nenv:\n  - {name: WEB_CONCURRENCY, value: "4"}', {"workers": 4}),
        ('command: ["python", "-m", "gunicorn", "-w4", "a:b"]', {"workers": 4}),
    ],
)
def test_what_a_container_starts(container: str, expected: dict[str, object]) -> None:
    assert effective(subject(pod(container))) == expected


def test_a_variable_from_elsewhere_in_the_cluster_is_unknown() -> None:
    container = (
        'command: ["gunicorn", "-w", "$(W)", "a:b"]\n'
        "env:\n  - name: W\n    valueFrom: {configMapKeyRef: {name: x, key: y}}"
    )
    assert isinstance(effective(subject(pod(container)))["workers"], Unknown)


def test_a_substitution_that_kubernetes_does_not_know_is_left_to_the_shell() -> None:
    from gunicorn_conf.value import PerHost

    found = effective(subject(pod('command: ["sh", "-c", "exec gunicorn -w $(nproc) a:b"]')))["workers"]
    assert isinstance(found, PerHost)
    assert found.at(4) == 4


def test_what_a_manifest_says_of_the_deployment() -> None:
    found = deployment(
        pod(
            'command: ["gunicorn", "a:b"]\nresources: {limits: {cpu: 500m, memory: 512Mi}}\n'
            'lifecycle: {preStop: {exec: {command: ["sh", "-c", "sleep 10"]}}}\n'
            "securityContext: {readOnlyRootFilesystem: true}",
            "terminationGracePeriodSeconds: 60\nsecurityContext: {runAsNonRoot: true}",
        )
    )
    assert (found.platform, found.cpus, found.memory_bytes) == ("kubernetes", 0.5, 512 * MEBIBYTE)
    assert (found.stop_window_seconds, found.root, found.read_only_root) == (50, False, True)
    assert "less 10 s of preStop" in found.sources["stop_window_seconds"]


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet"])
def test_kinds_with_a_pod_template(kind: str) -> None:
    assert effective(subject(pod('command: ["gunicorn", "-w4", "a:b"]', kind=kind))) == {"workers": 4}


def test_pods_cron_jobs_and_lists() -> None:
    containers = 'containers: [{name: x, command: [gunicorn, "a:b"]}]'
    one = f"apiVersion: v1\nkind: Pod\nspec: {{{containers}}}\n"
    cron = (
        f"---\napiVersion: batch/v1\nkind: CronJob\n"
        f"spec: {{jobTemplate: {{spec: {{template: {{spec: {{{containers}}}}}}}}}}}\n"
    )
    listed = f"---\napiVersion: v1\nkind: List\nitems:\n  - {{apiVersion: v1, kind: Pod, spec: {{{containers}}}}}\n"
    assert len(subjects({"k.yaml": one + cron + listed})) == 3


def test_an_ingress_is_a_proxy() -> None:
    files = {
        **pod('command: ["gunicorn", "a:b"]'),
        "k8s/ingress.yaml": "apiVersion: networking.k8s.io/v1\nkind: Ingress\n",
    }
    assert deployment(files).proxy is True
    assert deployment(pod('command: ["gunicorn", "a:b"]')).proxy is None


def test_signals_of_containers() -> None:
    assert command(pod('command: ["gunicorn", "a:b"]')).signals is Signals.DIRECT
    assert command(pod('command: ["bash", "-c", "x; gunicorn a:b; y"]')).signals is Signals.BEHIND_SHELL


def test_a_helm_template_is_read_as_far_as_it_says_something() -> None:
    text = (
        "apiVersion: v1\nkind: Pod\n{{- if .Values.x }}\nspec:\n  containers:\n  - name: {{ .Release.Name }}\n"
        "    command: [gunicorn, -w, '{{ .Values.workers }}', '-t', '60', 'a:b']\n{{- end }}\n"
    )
    found = effective(subject({"templates/app.yaml": text}))
    assert found == {"workers": Unknown(why="it is filled in from outside"), "timeout": 60}


def test_what_is_no_yaml_and_speaks_of_gunicorn_is_said_to_be_unread() -> None:
    found = subject({"k.yaml": "apiVersion: v1\nkind: Pod\n\tgunicorn: [\n"}).unread
    assert found is not None
    assert "no YAML" in found.why
    assert found.place.line == 3
    assert subjects({"k.yaml": "apiVersion: v1\nkind: Pod\n\tnginx: [\n"}) == ()


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"b{n}: &b{n} [{','.join(['*b' + str(n - 1) if n else '*a'] * 9)}]\n" for n in range(9))
        + "services: *b8\n",
        "services: &s\n  web: *s\n",
        "services:\n  web: &w\n    <<: *w\n    command: gunicorn a:b\n",
        "[" * 50_000,
        "- " * 50_000 + "a",
        "services: " + "{a: " * 5_000 + "b" + "}" * 5_000,
        "\n".join(" " * n + "a:" for n in range(1, 700)),
        "services:\n  web:\n    command: !!python/object/apply:os.system ['touch /tmp/x']\n",
        "services:\n" + "".join(f"  s{n}:\n    command: gunicorn a:b\n" for n in range(3_000)),
    ],
    ids=range(9),
)
def test_hostile_yaml_is_read_in_bounded_time(text: str) -> None:
    began = time.process_time()
    subjects({"docker-compose.yml": text})
    subjects({"k.yaml": f"apiVersion: v1\nkind: Pod\n{text}"})
    # The promise is 2 s a file; expanding the aliases would take hours.
    assert time.process_time() - began < 10


@given(st.text(alphabet="services:\n web command[]{}&*|>-'\"#<? gunicorn", max_size=150))
def test_any_heap_of_yaml_signs_is_read(text: str) -> None:
    subjects({"compose.yml": f"services:\n{text}"})
    documents(Text(text, "f"))
