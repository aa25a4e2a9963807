"""Pairs commands with the configuration files that they load, and makes of each pair a subject to be judged."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence

from gunicorn_conf.assemble.app import app_kind
from gunicorn_conf.assemble.circumstances import Circumstances
from gunicorn_conf.assemble.requirements import by_folder, requirements_of
from gunicorn_conf.config import Assigned, Config
from gunicorn_conf.place import Place, Source
from gunicorn_conf.read.commands import read_commands
from gunicorn_conf.read.deployments import combined, of_header, of_platform
from gunicorn_conf.read.files import SourceFile, kind_of
from gunicorn_conf.read.launch import Placed, variables_as_settings
from gunicorn_conf.read.proxies import proxy_beside
from gunicorn_conf.read.start import Files, Reading, Start
from gunicorn_conf.read.unread import why_unread
from gunicorn_conf.release import NEWEST_KNOWN, Release
from gunicorn_conf.rules.subject import Command, ConfFile, Requirements, Subject, Unread
from gunicorn_conf.settings import supports
from gunicorn_conf.value import Known, OneOf, Value, possibilities

_DEFAULT_CONF = "gunicorn.conf.py"
# A file of people starts a few; each costs a fraction of a millisecond, and a generated one may hold thousands.
_MOST_STARTS = 200
_NOWHERE = Circumstances()


def assemble(files: Sequence[SourceFile], circumstances: Circumstances = _NOWHERE) -> tuple[Subject, ...]:
    """Every configuration that the files hold: each command with its file, and each file that no command names.

    What the circumstances say wins over the files. Never raises for what the files hold; what could not be read is
    in the subjects as unknown, with the reason.
    """
    return _Assembly(files, circumstances).subjects()


class _Assembly:
    def __init__(self, files: Sequence[SourceFile], circumstances: Circumstances) -> None:
        self._files = Files(files)
        self._circumstances = circumstances
        self._kinds = {file.path: file.kind or kind_of(file.path, file.text) for file in files}
        folders = [posixpath.dirname(file.path) for file in files]
        self._root = posixpath.commonpath(folders) if len({posixpath.isabs(one) for one in folders}) == 1 else ""
        self._requirements = by_folder(self._files.of_kind(self._kinds, "requirements"))
        self._proxy = proxy_beside(self._files, self._kinds)
        self._conf_files = self._files.of_kind(self._kinds, "conf")
        self._default_confs = {
            posixpath.normpath(posixpath.dirname(file.path) or "."): file
            for file in self._conf_files
            if posixpath.basename(file.path) == _DEFAULT_CONF
        }
        self._read: dict[tuple[str, tuple[tuple[str, str], ...]], tuple[ConfFile, tuple[Assigned, ...]]] = {}
        self._unread: list[Unread] = []
        self._released: dict[str, tuple[Release, str, Requirements | None]] = {}

    def subjects(self) -> tuple[Subject, ...]:
        starts = self._starts()
        found: list[Subject] = []
        paired: set[str] = set()
        for start in starts:
            subject = self._of_command(start)
            if subject.conf is not None:
                paired.add(subject.conf.path)
            found.append(subject)
        found += [self._of_unread(one) for one in self._unread]
        lone = [self._of_conf(file) for file in self._conf_files if file.path not in paired and not file.is_context]
        return (*found, *lone)

    def _starts(self) -> list[Start]:
        """The commands of all files; what another file runs too (a script, an image) is judged as it runs there."""
        found: list[tuple[SourceFile, Start]] = []
        for file in self._files.all:
            kind = self._kinds[file.path]
            if kind is not None:
                release, _, _ = self._release(file.path)
                reading = Reading(file, self._files, release, self._circumstances.environment)
                starts = read_commands(kind, reading)[:_MOST_STARTS]
                found += [(file, start) for start in starts]
                unread = None if starts or file.is_context else why_unread(file.path, file.text, kind)
                if unread is not None:
                    self._unread.append(unread)
        elsewhere = {start.command.place for file, start in found if start.command.place.path != file.path}
        return [
            start
            for file, start in found
            if start.command.place.path != file.path or start.command.place not in elsewhere
        ]

    def _of_command(self, start: Start) -> Subject:
        command = start.command
        release, source, requirements = self._release(command.place.path)
        conf_file, undecided = self._conf_of(command)
        conf: ConfFile | None = None
        assigned: tuple[Assigned, ...] = ()
        if conf_file is not None:
            conf, assigned = self._conf(conf_file, command.environment)
            undecided = _why_undecided(conf)
        config = self._config(
            release,
            (*variables_as_settings(command.environment, {}), *assigned, *command.assigned),
            command.undecided or undecided,
        )
        header = of_header(conf.text if conf is not None else "")
        deployment = combined(self._circumstances.deployment, start.deployment, header, self._proxy)
        return Subject(
            release=release,
            release_source=source,
            config=config,
            conf=conf,
            command=command,
            deployment=of_platform(deployment),
            requirements=requirements,
            app_kind=app_kind(self._app(command, config), self._files, command),
            overlooked_conf=None if conf_file is not None else self._overlooked_conf(command, config),
        )

    def _of_unread(self, unread: Unread) -> Subject:
        release, source, requirements = self._release(unread.place.path)
        return Subject(
            release=release,
            release_source=source,
            config=self._config(release, (), f"{unread.place.path} could not be read"),
            requirements=requirements,
            unread=unread,
        )

    def _of_conf(self, file: SourceFile) -> Subject:
        release, source, requirements = self._release(file.path)
        conf, assigned = self._conf(file, {})
        given = {name: Placed(value=value, place=Place(path=f"--env {name}")) for name, value in self._given.items()}
        config = self._config(release, (*variables_as_settings(given, {}), *assigned), _why_undecided(conf))
        return Subject(
            release=release,
            release_source=source,
            config=config,
            conf=conf,
            deployment=of_platform(combined(self._circumstances.deployment, of_header(conf.text), self._proxy)),
            requirements=requirements,
            app_kind=app_kind(config.known("wsgi_app"), self._files, None),
        )

    @property
    def _given(self) -> Mapping[str, str]:
        return self._circumstances.environment

    def _config(self, release: Release, assigned: Iterable[Assigned], undecided: str | None) -> Config:
        return Config(release=release, assigned=tuple(assigned), undecided=undecided)

    @staticmethod
    def _app(command: Command, config: Config) -> object:
        if command.app is not None:
            return command.app.value if isinstance(command.app, Known) else None
        return config.known("wsgi_app")

    def _conf_of(self, command: Command) -> tuple[SourceFile | None, str | None]:
        """The file that the command loads, or why it is not known which."""
        named = [one for one in command.assigned if one.name == "config"]
        # -c on the command line wins over -c in GUNICORN_CMD_ARGS (gunicorn/app/base.py, load_config).
        named.sort(key=lambda one: one.source.rank)
        if named:
            value = named[-1].value
            for one in possibilities(value) if isinstance(value, OneOf) else ():
                # A script that chooses among files: the first that is at hand.
                likely = self._files.find(_path(one), beside=command.place.path, directory=command.directory)
                if likely is not None:
                    return likely, None
            if isinstance(value, Known) and isinstance(value.value, str):
                path = _path(value.value)
            else:  # "$directory/gunicorn.conf.py": the name is known where the folder is not
                path = _last_segment(named[-1].text)
            if not path:
                return None, "the configuration file that -c names is not known"
            found = self._files.find(path, beside=command.place.path, directory=command.directory)
            if found is None:
                return None, f"{path} is not at hand"
            return found, None
        return self._default_conf(command), None

    def _overlooked_conf(self, command: Command, config: Config) -> str | None:
        """The gunicorn.conf.py in the folder of --chdir, where Gunicorn does not look for it."""
        chdir = config.known("chdir")
        if config.get("chdir") is None or not isinstance(chdir, str) or config.get("config") is not None:
            return None
        path = posixpath.join(chdir, _DEFAULT_CONF)
        found = self._files.find(path, beside=command.place.path, directory=command.directory)
        return None if found is None else found.path

    def _default_conf(self, command: Command) -> SourceFile | None:
        """./gunicorn.conf.py, which Gunicorn loads from the folder that it is started in (not from --chdir)."""
        home = posixpath.dirname(command.place.path.replace("\\", "/"))
        folders = [home, _joined(home, command.directory)] if command.directory else [home]
        if command.file_kind in ("dockerfile", "compose", "kubernetes", "shell"):
            # The image's working directory is, in nearly all images, what was copied from the folder of the file.
            folders.append(self._root)
        for folder in folders:
            found = self._default_confs.get(posixpath.normpath(folder or "."))
            if found is not None:
                return found
        return None

    def _conf(self, file: SourceFile, environment: Mapping[str, Value]) -> tuple[ConfFile, tuple[Assigned, ...]]:
        known = {
            name: value.value
            for name, value in environment.items()
            if isinstance(value, Known) and isinstance(value.value, str)
        }
        known.update(self._given)
        key = (file.path, tuple(sorted(known.items())))
        if key not in self._read:
            from gunicorn_conf.read.conf_py import read_conf

            def neighbour(name: str) -> str | None:
                found = self._files.find(name.replace(".", "/") + ".py", beside=file.path)
                return found.text if found is not None else None

            read = self._circumstances.read_conf or read_conf
            if file.problem is not None:
                self._read[key] = ConfFile(path=file.path, text="", problem=file.problem), ()
                return self._read[key]
            conf, assigned = read(file.path, file.text, environment=known, neighbour=neighbour)
            release, _, _ = self._release(file.path)
            kept = tuple(one for one in assigned if one.source is not Source.FILE or supports(one.name, release))
            self._read[key] = conf, kept
        return self._read[key]

    def _release(self, beside: str) -> tuple[Release, str, Requirements | None]:
        folder = posixpath.dirname(beside.replace("\\", "/"))
        if folder not in self._released:
            requirements, found, source = requirements_of(self._requirements, beside)
            if self._circumstances.release is not None:
                found, source = self._circumstances.release, self._circumstances.release_source
            if found is None and self._circumstances.fallback_release is not None:
                found, source = self._circumstances.fallback_release, self._circumstances.fallback_source
            if found is None:
                found, source = NEWEST_KNOWN, "the newest known; no requirements name one"
            self._released[folder] = found, source, requirements
        return self._released[folder]


def _path(named: object) -> str:
    """The path of what -c names, which may be a module (``python:shop.gunicorn_conf``)."""
    if not isinstance(named, str):
        return ""
    if named.startswith("python:"):
        return named.removeprefix("python:").replace(".", "/") + ".py"
    return named.removeprefix("file:")


def _last_segment(word: str) -> str:
    """The name of a Python file behind the last slash of a word as it is written; empty where it is not plain."""
    folder, slash, name = word.strip("\"'").rpartition("/")
    plain = name.replace(".", "").replace("-", "").replace("_", "").isalnum()
    return name if folder and slash and plain and name.endswith(".py") else ""


def _joined(home: str, directory: str | None) -> str:
    return posixpath.normpath(posixpath.join(home, (directory or "").lstrip("/")))


def _why_undecided(conf: ConfFile) -> str | None:
    """Why the file may set more than is seen; None when all of it is seen."""
    return f"{conf.path} could not be parsed" if conf.problem is not None else conf.incomplete
