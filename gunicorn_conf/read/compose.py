"""Reads a docker-compose file: what its services start, with the image that they build, limits and how they stop."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from gunicorn_conf.read.deployments import combined
from gunicorn_conf.read.dockerfile import Stage, deployment_of, setting_of, stages, started
from gunicorn_conf.read.env_file import perhaps_set, read_env_file
from gunicorn_conf.read.files import SourceFile
from gunicorn_conf.read.filled import FILLED, fill, variable
from gunicorn_conf.read.launch import Setting, launch
from gunicorn_conf.read.options import split_words, with_gaps
from gunicorn_conf.read.quantities import binary_bytes, number, seconds
from gunicorn_conf.read.start import Reading, Start
from gunicorn_conf.read.templates import without_templates
from gunicorn_conf.read.text import Text
from gunicorn_conf.read.word import Word, plain
from gunicorn_conf.read.yaml_nodes import Yaml, documents
from gunicorn_conf.rules.subject import Deployment
from gunicorn_conf.value import Known, Unknown, Value

_VARIABLE = re.compile(
    r"\$(?:\$|(?P<bare>[A-Za-z_]\w*)|\{(?P<name>[A-Za-z_]\w*)(?:(?P<operator>:?[-?+])(?P<other>[^{}]*(?:\{[^{}]*\}[^{}]*)*))?\})"
)
_PROXIES = re.compile(
    r"(^|[/_-])(nginx|traefik|caddy|haproxy|envoy|httpd)([:@_-]|$)|nginx-proxy|jwilder|swag", re.IGNORECASE
)
_TRUE = frozenset({"true", "yes", "on"})


def read_compose(reading: Reading) -> list[Start]:
    """Every Gunicorn that a service starts by its own command or by the image that it builds."""
    found = documents(reading.text)
    starts: list[Start] = []
    for document in found or ():
        services = document.get("services")
        named = list(services.items()) if services.given else _version_one(document)
        proxy = _proxy(named, reading.file.path)
        variables = _dot_env(reading)
        for name, service in named:
            starts += _service(name, _extended(service, dict(named)), reading, proxy, variables)
    return starts


def _version_one(document: Yaml) -> list[tuple[str, Yaml]]:
    """The first version of the format had the services at the top."""
    return [(name, node) for name, node in document.items() if node.get("image").given or node.get("build").given]


def _extended(service: Yaml, services: Mapping[str, Yaml]) -> list[Yaml]:
    """The service and the one of the same file that it extends, nearest first."""
    base = service.get("extends")
    name = base.scalar or base.get("service").scalar
    other = services.get(name or "")
    return [service, other] if other is not None and not base.get("file").given else [service]


def _get(service: list[Yaml], *keys: str) -> Yaml:
    for node in service:
        found = node.get(*keys)
        if found.given or found.is_list:
            return found
    return service[0].get(*keys)


def _service(
    name: str, service: list[Yaml], reading: Reading, proxy: Deployment, variables: Mapping[str, Value]
) -> Iterator[Start]:
    stage, dockerfile = _image(service, reading, variables)
    command, entrypoint = _get(service, "command"), _get(service, "entrypoint")
    deployment = combined(
        _deployment(name, service, reading, variables),
        proxy,
        deployment_of(stage, dockerfile.path) if stage is not None and dockerfile is not None else Deployment(),
    )
    environment = _environment(service, reading, variables)
    if stage is not None and dockerfile is not None:
        inner = Reading(dockerfile, reading.files, reading.release, reading.given)
        setting = setting_of(stage, inner)
        setting = replace(setting, environment={**setting.environment, **environment})
    else:
        stage = Stage(image=_get(service, "image").scalar or "$")
        setting = Setting(
            file_kind="compose",
            release=reading.release,
            environment=environment,
            given=reading.given,
            script=reading.script,
        )
    directory = _get(service, "working_dir").scalar
    if directory is not None and "$" not in directory:
        setting = replace(setting, directory=directory)
    if not command.given and not command.is_list and not entrypoint.given and not entrypoint.is_list:
        commands = started(stage, setting)
    else:
        setting = replace(setting, file_kind="compose")
        front = _words(entrypoint, reading, variables)
        if not entrypoint.given and not entrypoint.is_list and stage.entrypoint is not None:
            front = stage.entry_words()
        own = _words(command, reading, variables)
        # init: true puts docker-init (tini) in front.
        commands = launch([*front, *own], setting)
    for one in commands:
        yield Start(command=one, deployment=deployment)


def _image(
    service: list[Yaml], reading: Reading, variables: Mapping[str, Value]
) -> tuple[Stage | None, SourceFile | None]:
    """The stage of the Dockerfile that the service builds, if it is at hand."""
    build = _get(service, "build")
    if not build.given:
        return None, None
    context = build.scalar if build.scalar is not None else build.get("context").scalar or "."
    name = build.get("dockerfile").scalar or "Dockerfile"
    if "$" in context or "$" in name or "://" in context:
        return None, None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(reading.file.path), context, name))
    file = next((one for one in reading.files.all if posixpath.normpath(one.path) == path), None)
    if file is None:
        return None, None
    arguments = {
        key: str(value.value)
        for key, value in _pairs(build.get("args"), reading, variables)
        if isinstance(value, Known)
    }
    built = stages(without_templates(Text(file.text, file.path)), {**arguments, **reading.given})
    target = (build.get("target").scalar or "").lower()
    chosen = next((stage for stage in built if target and target in stage.names), built[-1] if built else None)
    return chosen, file


def _words(node: Yaml, reading: Reading, variables: Mapping[str, Value]) -> list[Word]:
    if node.is_list:
        texts = [_filled(one.text, reading, variables) for one in node.list() if one.text is not None]
        return [with_gaps(plain(text)) for text in texts]
    if node.text is None:
        return []
    return split_words(_filled(node.text, reading, variables)) or []


def _filled(text: Text, reading: Reading, variables: Mapping[str, Value]) -> Text:
    """``${NAME:-default}`` as compose fills it in; ``$$`` is a dollar sign."""

    def value(match: re.Match[str]) -> Value:
        name = match["bare"] or match["name"]
        return (
            Known(value="$") if name is None else _variable(name, match["operator"], match["other"], reading, variables)
        )

    return fill(text, _VARIABLE, value)


def _variable(
    name: str, operator: str | None, other: str | None, reading: Reading, variables: Mapping[str, Value]
) -> Value:
    given: Value | None = Known(value=reading.given[name]) if name in reading.given else variables.get(name)
    if operator and operator.startswith(":") and isinstance(given, Known) and given.value == "":
        given = None
    if operator and operator.endswith("+"):
        return Known(value=other or "") if given is not None else Known(value="")
    if given is not None:
        return given
    if operator and operator.endswith("-"):
        default = _filled(Text(other or "", "default"), reading, variables).text
        return Unknown(why=f"{name} is not given") if FILLED in default else Known(value=default)
    return Unknown(why=f"the variable {name} is not given")


def _dot_env(reading: Reading) -> dict[str, Value]:
    """The .env beside the file, from which compose fills variables in."""
    path = posixpath.join(posixpath.dirname(reading.file.path), ".env")
    found = next(
        (file for file in reading.files.all if posixpath.normpath(file.path) == posixpath.normpath(path)), None
    )
    return dict(read_env_file(Text(found.text, found.path))) if found is not None else {}


def _environment(service: list[Yaml], reading: Reading, variables: Mapping[str, Value]) -> dict[str, Value]:
    environment: dict[str, Value] = {}
    for node in reversed(service):
        files = node.get("env_file")
        for one in files.list() or [files]:
            path = one.scalar or one.get("path").scalar
            found = reading.files.find(path, beside=reading.file.path) if path else None
            if found is not None:
                environment.update(read_env_file(Text(found.text, found.path)))
            elif path:
                environment.update(perhaps_set(path, environment))
        environment.update(_pairs(node.get("environment"), reading, variables))
    return environment


def _pairs(node: Yaml, reading: Reading, variables: Mapping[str, Value]) -> Iterator[tuple[str, Value]]:
    """Variables as a mapping or as a list of ``NAME=value``; a name alone is taken from whoever runs compose."""
    for name, value in node.items():
        if value.text is not None and value.given:
            yield name, variable(name, _filled(value.text, reading, variables))
        else:
            yield name, _variable(name, None, None, reading, variables)
    for item in node.list():
        text = item.text
        if text is None:
            continue
        name, equals, _ = text.text.partition("=")
        if equals:
            part = text.part(len(name) + 1, len(text.text))
            yield name, variable(name, _filled(part, reading, variables))
        else:
            yield name, _variable(name, None, None, reading, variables)


def _proxy(services: list[tuple[str, Yaml]], path: str) -> Deployment:
    for name, service in services:
        image = service.get("image").scalar or ""
        if _PROXIES.search(image) or _PROXIES.fullmatch(name):
            return Deployment(proxy=True, sources={"proxy": f"service {name} in {path}"})
    return Deployment()


def _tmp_in_memory(service: list[Yaml]) -> bool | None:
    """Whether the service mounts a tmpfs at /tmp (``tmpfs: /tmp``, or a volume of this type)."""
    short = _get(service, "tmpfs")
    paths = [one.scalar or "" for one in short.list() or [short]]
    for volume in _get(service, "volumes").list():
        if volume.get("type").scalar == "tmpfs":
            paths.append(volume.get("target").scalar or "")
    return True if any(path.partition(":")[0].rstrip("/") == "/tmp" for path in paths) else None


def _deployment(name: str, service: list[Yaml], reading: Reading, variables: Mapping[str, Value]) -> Deployment:
    path = reading.file.path
    sources = {
        "platform": f"{path} is a compose file",
        "container": f"service {name} in {path}",
        "supervisor": f"service {name} in {path}",
    }

    def text(*keys: str) -> str | None:
        node = _get(service, *keys)
        if node.text is None or not node.given:
            return None
        filled = _filled(node.text, reading, variables).text
        return None if FILLED in filled else filled

    def said(field: str, *keys: str) -> None:
        sources[field] = f"{'.'.join(keys)}: {text(*keys)} of service {name} in {path}"

    memory = cpus = None
    for keys in (("deploy", "resources", "limits", "memory"), ("mem_limit",)):
        if memory is None and (amount := text(*keys)) is not None:
            memory = binary_bytes(amount)
            said("memory_bytes", *keys)
    for keys in (("deploy", "resources", "limits", "cpus"), ("cpus",)):
        if cpus is None and (amount := text(*keys)) is not None:
            cpus = number(amount)
            said("cpus", *keys)
    stop = None
    if (amount := text("stop_grace_period")) is not None:
        stop = seconds(amount)
        said("stop_window_seconds", "stop_grace_period")
    root = None
    if (user := text("user")) is not None:
        root = user.partition(":")[0] in ("root", "0")
        said("root", "user")
    read_only = True if (text("read_only") or "").lower() in _TRUE else None
    if read_only:
        said("read_only_root", "read_only")
    return Deployment(
        platform="docker",
        container=True,
        cpus=cpus,
        memory_bytes=memory,
        stop_window_seconds=stop,
        root=root,
        read_only_root=read_only,
        tmp_in_memory=_tmp_in_memory(service),
        supervisor="container",
        sources=sources,
    )
