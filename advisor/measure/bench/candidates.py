"""Reads what was typed for a comparison, one word for each configuration, and makes each a server to start."""

from __future__ import annotations

import enum
import shlex
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from advisor.measure.bench.trial import Candidate
from advisor.measure.server_spec import ServerSpec, own_environment
from advisor.sizing.demand import rule_workers
from gunicorn_conf.errors import BadInput
from gunicorn_conf.read.flags import flags
from gunicorn_conf.read.options import read_options, words_of
from gunicorn_conf.release import NEWEST_KNOWN
from gunicorn_conf.rules.subject import OptionProblem
from gunicorn_conf.settings import settings

FEWEST = 2
# 8 × 5 starts with 7 s of load each are seven minutes; more configurations than that are a search, not a comparison.
MOST = 8


class Form(enum.Enum):
    """What a candidate is given as; the value of a word is how it is typed."""

    FILE = "a configuration file"
    ARGUMENTS = "arguments of gunicorn"
    RECOMMENDED = "recommended"
    RULE = "rule"
    DEFAULT = "default"


# The configurations that gcadvise writes itself.
WORDS = {form.value: form for form in (Form.RECOMMENDED, Form.RULE, Form.DEFAULT)}
_HINT = f"give a file, gunicorn's arguments in quotes ('-w 4 --threads 8'), or one of {', '.join(WORDS)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One configuration as it was asked for; ``name`` is what was typed, made unique."""

    name: str
    form: Form
    config: Path | None = None
    arguments: tuple[str, ...] = ()

    @property
    def names_an_app(self) -> bool:
        """Whether arguments name the app themselves."""
        return bool(self.arguments) and bool(read_options(words_of(self.arguments), NEWEST_KNOWN).positionals)


def read_candidates(texts: Sequence[str]) -> tuple[Wanted, ...]:
    """The configurations that are meant, in the order given.

    An existing file wins over a word of the same name. Raises BadInput when there are fewer than 2 or more than 8, or
    when one cannot be understood.
    """
    if not FEWEST <= len(texts) <= MOST:
        number = "none is" if not texts else "only one is" if len(texts) == 1 else f"{len(texts)} are"
        raise BadInput(
            f"a comparison takes {FEWEST} to {MOST} configurations, and {number} given",
            why="each is measured against the first" if len(texts) < FEWEST else "each takes about a minute",
            hint=_HINT,
        )
    found = [_read(text.strip()) for text in texts]
    seen: Counter[str] = Counter()
    unique = []
    for wanted in found:
        seen[wanted.name] += 1
        nth = seen[wanted.name]
        unique.append(wanted if nth == 1 else replace(wanted, name=f"{wanted.name} ({nth})"))
    return tuple(unique)


def make_candidates(
    wanted: Sequence[Wanted],
    *,
    server: Callable[[Path | None, tuple[str, ...]], ServerSpec],
    texts: Mapping[Form, str],
    folder: Path,
) -> tuple[Candidate, ...]:
    """The servers to start. ``server`` makes one of a configuration file and arguments, as ``gunicorn`` would here.

    A word's configuration is ``texts``' and is written into ``folder``, which must stay while the servers run. It
    reads no ``./gunicorn.conf.py``, and no variable sets its workers.
    """
    return tuple(Candidate(name=one.name, server=_server(one, server, texts, folder)) for one in wanted)


def rule_conf(cpus: float) -> str:
    """The configuration that ``rule`` stands for: (2 × cores) + 1 sync workers, from the CPU budget."""
    return f'workers = {rule_workers(cpus)}\nworker_class = "sync"\n'


def same_servers(candidates: Sequence[Candidate]) -> tuple[tuple[str, str], ...]:
    """The names of candidates that start the very same server, in pairs: each later one with the first of its kind."""
    pairs = []
    known: dict[tuple[object, ...], str] = {}
    for candidate in candidates:
        if not isinstance(candidate.server, ServerSpec):
            continue
        spec = candidate.server
        config = None if spec.config is None else _content(spec.config)
        environment = tuple(sorted(spec.environment.items()))
        first = known.setdefault((config, spec.app, spec.arguments, spec.chdir, environment), candidate.name)
        if first != candidate.name:
            pairs.append((first, candidate.name))
    return tuple(pairs)


def _content(path: Path) -> bytes | Path:
    """What a configuration says; where it cannot be read, only the same path is surely the same."""
    try:
        return path.read_bytes()
    except OSError:  # Gunicorn will say why
        return path


def _server(
    wanted: Wanted,
    server: Callable[[Path | None, tuple[str, ...]], ServerSpec],
    texts: Mapping[Form, str],
    folder: Path,
) -> ServerSpec:
    if wanted.form in (Form.FILE, Form.ARGUMENTS):
        return server(wanted.config, wanted.arguments)
    config = folder / f"{wanted.form.value}.conf.py"
    config.write_text(texts[wanted.form], encoding="utf-8")
    spec = server(config, ())
    return replace(spec, environment=own_environment(spec.environment))


def _read(text: str) -> Wanted:
    path = Path(text)
    try:
        is_file, is_directory = path.is_file(), bool(text) and path.is_dir()
    except OSError:  # arguments may be longer than the name of a file can be
        is_file = is_directory = False
    if is_file:
        return Wanted(name=text, form=Form.FILE, config=path)
    if text in WORDS:
        return Wanted(name=text, form=WORDS[text])
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise BadInput(
            f"{text!r} cannot be taken apart", why=f"as a shell would read it: {error}", hint="close the inner quotes"
        ) from error
    if not any(word.startswith("-") for word in words):
        raise BadInput(
            f"{text!r} is neither a file, nor arguments of gunicorn, nor one of {', '.join(WORDS)}",
            why="it is a directory" if is_directory else "there is no such file, and no word in it is an option",
            hint="check the path; arguments stand in quotes, as in '-w 4 --threads 8'",
        )
    _check_options(text, words)
    return Wanted(name=text, form=Form.ARGUMENTS, arguments=tuple(words))


def _check_options(text: str, words: Sequence[str]) -> None:
    """Raise BadInput for what every release of Gunicorn refuses; the release that runs may refuse more."""
    options = read_options(words_of(words), NEWEST_KNOWN)
    if options.leaves:
        raise BadInput(
            f"{text!r} starts no server", why="gunicorn prints something and ends", hint="leave --help or --version out"
        )
    for problem in options.problems:
        why = _refusal(problem)
        if why:
            meant = problem.meant if problem.kind == "unknown" else None
            raise BadInput(
                f"gunicorn refuses {text!r}",
                why=why,
                hint=f"did you mean {meant}?" if meant else "`gunicorn --help` shows what it takes",
            )


def _refusal(problem: OptionProblem) -> str:
    match problem.kind:
        case "unknown" if not _some_release_has(problem.text):
            return f"it has no option {problem.text}"
        case "ambiguous":
            return f"{problem.text} may be any of {problem.meant}"
        case "missing-value":
            return f"{problem.text} lacks its value"
        case "bad-value":
            return f"{problem.text} is not a value that it takes"
        case "extra-positional":
            return f"{problem.text} is one app too many"
        case _:
            return ""


def _some_release_has(option: str) -> bool:
    return option in flags(NEWEST_KNOWN) or any(option in setting.flags for setting in settings().values())
