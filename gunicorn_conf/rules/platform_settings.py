"""Rules on what platforms set themselves: the number of workers, the configuration file."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.place import Source
from gunicorn_conf.read.deployments import RECOMMENDED_FOR
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import is_sure
from gunicorn_conf.rules.numbers import whole
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.value import certain


def web_concurrency_shadowed(subject: Subject) -> Iterator[Problem]:
    """WEB_CONCURRENCY says how many workers there are to be, and counts for nothing.

    The variable only replaces Gunicorn's default. Where the file or the command line sets workers, it is silently
    ignored, be it from the platform, which sets it by the size of the machine, or from whoever scales the service.

    Mend it by taking the number from the variable, or by setting one of the two alone.

    Example::

        workers = 2                                             # before
        workers = int(os.environ.get("WEB_CONCURRENCY", "2"))   # after

    Ignore it when the number is meant to hold in any case.
    """
    one = subject.config.get("workers")
    if one is None or one.source is Source.VARIABLE or not is_sure(one):
        return
    value = certain(one.value)
    number = whole(value[0]) if value is not None else None
    if number is None or "WEB_CONCURRENCY" in one.text or _mentions(subject):
        return
    variable = next((other for other in subject.config.all("workers") if other.source is Source.VARIABLE), None)
    by_platform = _setting_platform(subject)
    if variable is not None:
        wanted = certain(variable.value)
        if wanted is None or wanted[0] == number:
            return
        message, severity = f"WEB_CONCURRENCY is {variable.text} and counts for nothing: workers is {number}", None
    elif by_platform is not None:
        message = f"{by_platform} sets WEB_CONCURRENCY by the size of the machine, and workers is {number} instead"
        severity = Severity.INFO
    else:
        return
    yield Problem(
        message=message,
        place=one.value_place,
        help='take the number from the variable, int(os.environ.get("WEB_CONCURRENCY", "2")), or set one of the two',
        setting="workers",
        severity=severity,
    )


def file_not_used_on_app_service(subject: Subject) -> Iterator[Problem]:
    """App Service starts Gunicorn with a configuration file of its own, and not with this one.

    The start of its Python images passes ``-c /opt/startup/gunicorn.conf.py``, and with ``-c`` Gunicorn does not look
    for a gunicorn.conf.py in the application's directory: the file is silently ignored. So the public images do, up to
    Python 3.10, and those for later versions by Microsoft's posts on them.

    Mend it with a startup command that names the file, or with the variable
    ``PYTHON_USE_GUNICORN_CONFIG_FROM_PATH`` of the image.

    Example::

        # Configuration, General settings, Startup Command
        exec gunicorn -c gunicorn.conf.py app:app     # after

    Ignore it when the startup command or the variable is set in the portal. Of a file that gcadvise recommended for
    App Service, with the command to set, nothing is reported.
    """
    conf = subject.conf
    if subject.deployment.sources.get("platform") == RECOMMENDED_FOR:
        return
    if subject.deployment.platform != "app-service" or subject.command is not None or conf is None:
        return
    if conf.path.replace("\\", "/").rpartition("/")[2] != "gunicorn.conf.py":
        return
    yield Problem(
        message="App Service passes -c /opt/startup/gunicorn.conf.py: this file is ignored unless a startup command "
        "names it",
        place=subject.place,
        help="set the startup command to exec gunicorn -c gunicorn.conf.py with your application",
    )


def _mentions(subject: Subject) -> bool:
    # The file reads the variable somewhere, and so decides what it is for.
    one = subject.config.get("workers")
    in_file = one is not None and one.source is Source.FILE
    return in_file and subject.conf is not None and "WEB_CONCURRENCY" in subject.conf.text


def _setting_platform(subject: Subject) -> str | None:
    from gunicorn_conf.platforms import PLATFORM_NAMES, platform

    name = subject.deployment.platform
    if name not in PLATFORM_NAMES or "WEB_CONCURRENCY" not in platform(str(name)).sets:
        return None
    return platform(str(name)).title


RULES = (
    Rule(
        code="GC602",
        name="web-concurrency-shadowed",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=web_concurrency_shadowed,
        evidence="gunicorn/config.py:755 (27.0.1); run: WEB_CONCURRENCY=7 and workers = 2 start 2",
    ),
    Rule(
        code="GC605",
        name="file-not-used-on-app-service",
        severity=Severity.WARNING,
        confidence=Confidence.MEDIUM,
        check=file_not_used_on_app_service,
        evidence="Azure-App-Service/ImageBuilder, python/template-3.10/Dockerfile, "
        "PYTHON_USE_GUNICORN_CONFIG_FROM_PATH; microsoft/Oryx, the generated startup script",
    ),
)
