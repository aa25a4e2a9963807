"""Reads Kubernetes manifests: what their containers start, with their limits, user and grace period."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from gunicorn_conf.read.env_file import perhaps_set
from gunicorn_conf.read.filled import fill, variable
from gunicorn_conf.read.launch import Setting, launch
from gunicorn_conf.read.options import with_gaps
from gunicorn_conf.read.quantities import kubernetes_bytes, kubernetes_quantity, number
from gunicorn_conf.read.start import Reading, Start
from gunicorn_conf.read.word import Word, plain
from gunicorn_conf.read.yaml_nodes import Yaml, documents
from gunicorn_conf.rules.subject import Deployment
from gunicorn_conf.value import Known, Unknown, Value

# Where the pod is described, by kind.
_POD = {
    "Pod": ("spec",),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    "Service": ("spec", "template", "spec"),
}
_TEMPLATE = ("spec", "template", "spec")
_EXPRESSION = re.compile(r"\$(?:(?P<escaped>\$\([A-Za-z_][\w.-]*\))|\((?P<name>[A-Za-z_][\w.-]*)\))")
_SLEEPS = re.compile(r"\bsleep\s+(?P<seconds>\d+(\.\d+)?)")


def read_kubernetes(reading: Reading) -> list[Start]:
    """Every Gunicorn that a container of a manifest starts by its own command."""
    starts: list[Start] = []
    for document in documents(reading.text) or ():
        for item in _objects(document):
            kind = item.get("kind").scalar or ""
            pod = item.get(*_POD.get(kind, _TEMPLATE))
            for container in [*pod.get("containers").list(), *pod.get("initContainers").list()]:
                starts += _container(container, pod, item, reading)
    return starts


def _objects(document: Yaml) -> list[Yaml]:
    return document.get("items").list() if document.get("kind").scalar == "List" else [document]


def _container(container: Yaml, pod: Yaml, item: Yaml, reading: Reading) -> Iterator[Start]:
    environment = _environment(container)
    words = [
        *_words(container.get("command"), environment, reading),
        *_words(container.get("args"), environment, reading),
    ]
    if not words:
        return
    directory = container.get("workingDir").scalar
    setting = Setting(
        file_kind="kubernetes",
        release=reading.release,
        environment=environment,
        given=reading.given,
        directory=directory,
        script=reading.script,
    )
    for command in launch(words, setting):
        yield Start(command=command, deployment=_deployment(container, pod, item, reading.file.path))


def _words(node: Yaml, environment: Mapping[str, Value], reading: Reading) -> list[Word]:
    words = []
    for one in node.list() or ([node] if node.given else []):
        text = one.text
        if text is None:
            continue

        def value(match: re.Match[str]) -> Value | None:
            if match["escaped"]:
                return Known(value=match["escaped"])
            if match["name"] in reading.given:
                return Known(value=reading.given[match["name"]])
            # A name that the container does not set stays as it is.
            return environment.get(match["name"])

        words.append(with_gaps(plain(fill(text, _EXPRESSION, value))))
    return words


def _environment(container: Yaml) -> dict[str, Value]:
    environment: dict[str, Value] = {}
    for entry in container.get("env").list():
        name, text = entry.get("name").scalar, entry.get("value").text
        if name is None:
            continue
        if text is not None:
            environment[name] = variable(name, text)
        elif entry.get("valueFrom").given:
            environment[name] = Unknown(why=f"{name} is taken from elsewhere in the cluster")
    if container.get("envFrom").list():
        environment.update(perhaps_set("what envFrom names", environment))
    return environment


def _deployment(container: Yaml, pod: Yaml, item: Yaml, path: str) -> Deployment:
    name = container.get("name").scalar or "?"
    where = f"container {name} in {path}"
    knative = (item.get("apiVersion").scalar or "").startswith("serving.knative.dev")
    sources = {"platform": f"{path} is a Kubernetes manifest", "container": where, "supervisor": where}
    limits = container.get("resources", "limits")
    memory = cpus = None
    if (amount := limits.get("memory").scalar) is not None:
        memory = kubernetes_bytes(amount)
        sources["memory_bytes"] = f"resources.limits.memory: {amount} of {where}"
    if (amount := limits.get("cpu").scalar) is not None:
        cpus = kubernetes_quantity(amount)
        sources["cpus"] = f"resources.limits.cpu: {amount} of {where}"
    stop, stop_source = _stop_window(container, pod, where)
    if stop is not None:
        sources["stop_window_seconds"] = stop_source
    root = _root(container, pod)
    if root is not None:
        sources["root"] = f"securityContext of {where}"
    read_only = container.get("securityContext", "readOnlyRootFilesystem").scalar == "true" or None
    if read_only:
        sources["read_only_root"] = f"readOnlyRootFilesystem of {where}"
    return Deployment(
        platform="cloud-run" if knative else "kubernetes",
        container=True,
        cpus=cpus,
        memory_bytes=memory,
        stop_window_seconds=stop,
        root=root,
        read_only_root=read_only,
        tmp_in_memory=_tmp_in_memory(container, pod),
        supervisor="container",
        sources=sources,
    )


def _tmp_in_memory(container: Yaml, pod: Yaml) -> bool | None:
    """Whether the emptyDir that is mounted at /tmp is in memory; None where none is."""
    mounted = [
        one.get("name").scalar
        for one in container.get("volumeMounts").list()
        if (one.get("mountPath").scalar or "").rstrip("/") == "/tmp"
    ]
    for volume in pod.get("volumes").list():
        if mounted and volume.get("name").scalar == mounted[0]:
            medium = volume.get("emptyDir", "medium").scalar
            return medium == "Memory"
    return None


# Kubernetes, "Pod Lifecycle", Termination of Pods: 30 s unless terminationGracePeriodSeconds says otherwise.
_GRACE_SECONDS = 30.0


def _stop_window(container: Yaml, pod: Yaml, where: str) -> tuple[float | None, str]:
    """The grace period less what a preStop hook sleeps, for both begin at the same time."""
    written = pod.get("terminationGracePeriodSeconds").scalar
    grace = number(written) if written is not None else None
    slept = 0.0
    hook = container.get("lifecycle", "preStop")
    text = " ".join(one.scalar or "" for one in hook.get("exec", "command").list())
    match = _SLEEPS.search(text)
    if match:
        slept = float(match["seconds"])
    elif (seconds := hook.get("sleep", "seconds").scalar) is not None:
        slept = number(seconds) or 0.0
    if grace is None and not slept:
        return None, ""
    total = grace if grace is not None else _GRACE_SECONDS
    source = f"terminationGracePeriodSeconds: {total:g} of {where}"
    if slept:
        source += f", less {slept:g} s of preStop"
    return max(total - slept, 0.0) if math.isfinite(slept) else None, source


def _root(container: Yaml, pod: Yaml) -> bool | None:
    for context in (container.get("securityContext"), pod.get("securityContext")):
        user = context.get("runAsUser").scalar
        if user is not None:
            return user == "0"
        if context.get("runAsNonRoot").scalar == "true":
            return False
    return None
