"""What is quoted reads back as itself, by the program that will read it wherever that can run here."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import subprocess

import pytest
import yaml as pyyaml
from hypothesis import given
from hypothesis import strategies as st

from gunicorn_conf.errors import BadInput
from gunicorn_conf.read.systemd_words import command_words
from gunicorn_conf.read.text import Text
from gunicorn_conf.value import Known
from gunicorn_conf.write import quote

# Everything but surrogates, which UTF-8 cannot hold; what has a meaning somewhere more often than the rest.
SPECIAL = st.sampled_from([*list("\"'\\$%;#`(){}&|<>*?~! \t\n\r:=-[],@"), "$(", "${", "%(", " ;", " #", "$$", "%%"])
TEXTS = st.lists(st.one_of(SPECIAL, st.characters(codec="utf-8", exclude_characters="\0"))).map("".join)
ONE_LINE = TEXTS.map(lambda text: "".join(text.splitlines()))
WORDS = st.lists(TEXTS, min_size=1, max_size=4)

AWKWARD = [
    "app:app",
    "a;rm -rf x:app",
    'it\'s "quoted"',
    "back\\slash\\",
    "$HOME ${HOME} $(id) `id`",
    "100% %n %(here)s",
    "a ;comment #comment",
    "two\nlines",
    "näme:приложение",
    "emoji 🦄 \u2028 \x85 \ufeff \x7f",
    "",
    "-c",
    "~/*",
]


def test_a_posix_shell_reads_back_what_is_quoted() -> None:
    command = f"printf '%s\\0' {quote.sh_words(AWKWARD)}"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == AWKWARD


@given(WORDS)
def test_a_shell_command_reads_back(words: list[str]) -> None:
    assert shlex.split(quote.sh_words(words)) == words


@given(st.lists(ONE_LINE, min_size=1, max_size=4))
def test_a_procfile_command_is_one_line_and_reads_back(words: list[str]) -> None:
    line = quote.procfile_words(words)
    assert line.splitlines() == [line]
    assert shlex.split(line) == words


@pytest.mark.parametrize("text", ["a\nb", "a\r", "a\u2028b", "\x85", "a\vb"])
def test_a_line_end_is_refused_where_it_would_begin_another_entry(text: str) -> None:
    for write in (quote.procfile_words, quote.supervisor_words):
        with pytest.raises(BadInput, match="cannot be written"):
            write(["gunicorn", text])


@pytest.mark.parametrize(
    "write", [quote.sh, quote.systemd, quote.kubernetes, lambda text: quote.dockerfile_words([text])]
)
def test_a_null_byte_is_refused(write) -> None:
    with pytest.raises(BadInput, match="cannot be written in a command line"):
        write("a\0b")


@given(WORDS)
def test_an_exec_form_is_one_line_of_json(words: list[str]) -> None:
    line = quote.dockerfile_words(words)
    assert line.splitlines() == [line]
    assert json.loads(line) == words


@given(TEXTS)
def test_yaml_reads_back(text: str) -> None:
    written = quote.yaml(text)
    assert written.splitlines() == [written]
    assert pyyaml.safe_load(f"key: {written} # comment") == {"key": text}


@given(TEXTS)
def test_compose_fills_in_nothing(text: str) -> None:
    value = pyyaml.safe_load(quote.compose(text))
    assert re.sub(r"\$(\$|.?)", lambda found: "$" if found[1] == "$" else pytest.fail("filled in"), value) == text


@given(TEXTS)
def test_the_kubelet_fills_in_nothing(text: str) -> None:
    assert expand_as_kubelet(pyyaml.safe_load(quote.kubernetes(text))) == text


def expand_as_kubelet(text: str) -> str:
    """Kubernetes' rules (Define a Command and Arguments for a Container): ``$$`` is ``$``, ``$(NAME)`` a variable."""
    result, at = "", 0
    while at < len(text):
        if text.startswith("$$", at):
            result, at = result + "$", at + 2
        elif text.startswith("$(", at):
            pytest.fail("a variable is filled in")
        else:
            result, at = result + text[at], at + 1
    return result


@given(WORDS)
def test_systemd_reads_back(words: list[str]) -> None:
    line = " ".join(["/bin/x", *(quote.systemd(word) for word in words)])
    assert line.splitlines() == [line]
    read = command_words(Text(line, "x.service"), {}, {})
    values = [word.value for word in read[1:]]
    assert [value.value if isinstance(value, Known) else None for value in values] == list(map(octets_undone, words))


def octets_undone(word: str) -> str:
    """What a reader of lines makes of octet escapes, which it does not join: they stay as they are written."""
    return "".join(
        c if c.isprintable() or c in "\n\t\r" else "".join(f"\\x{byte:02x}" for byte in c.encode()) for c in word
    )


@given(st.lists(ONE_LINE, min_size=1, max_size=4))
def test_supervisor_reads_back(words: list[str]) -> None:
    from supervisor.options import expand

    parser = configparser.RawConfigParser(strict=False, inline_comment_prefixes=(";", "#"))
    parser.read_string(f"[program:x]\ncommand={quote.supervisor_words(['/bin/x', *words])}\n")
    read = shlex.split(expand(parser.get("program:x", "command"), {"here": "/", "ENV_HOME": "/"}, "command"))
    assert read == ["/bin/x", *words]


@given(TEXTS)
def test_bicep_ends_no_string_and_interpolates_nothing(text: str) -> None:
    written = quote.bicep(text)
    assert written.splitlines() == [written]
    assert re.fullmatch(r"'(?:[^'\\$]|\\(?:[\\'nrt$]|u\{[0-9a-f]+\})|\$(?!\{))*'", written)


@given(TEXTS)
def test_a_name_is_taken_by_every_platform(text: str) -> None:
    name = quote.slug(text)
    assert re.fullmatch(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", name)
    assert quote.slug(name) == name


@given(TEXTS)
def test_a_comment_stays_on_its_line(text: str) -> None:
    written = f"# {quote.comment(text)}"
    assert written.splitlines() == [written]


def test_plain_words_stay_readable() -> None:
    words = ["/srv/shop/.venv/bin/gunicorn", "-c", "gunicorn.conf.py", "shop.wsgi:app"]
    assert quote.sh_words(words) == quote.supervisor_words(words) == " ".join(words)
    assert [quote.systemd(word) for word in words] == words
