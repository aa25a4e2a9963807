"""Names of a configuration file that cannot be parsed, found in its bare text: templates, Python 2."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gunicorn_conf.place import Place
from gunicorn_conf.rules.subject import ConfFile, Name
from gunicorn_conf.value import Unknown

# An assignment that begins its line; what is indented may be the text of a template or of a multi-line string.
_ASSIGNMENT = re.compile(r"^([A-Za-z]\w*)[ \t]*=(?!=)[ \t]*(.*)$")
_WORD = re.compile(r"[A-Za-z_]\w*")


def names_in_text(conf: ConfFile) -> Iterator[Name]:
    """The names that are assigned at the beginning of a line; one that stands anywhere else too counts as read."""
    counts: dict[str, int] = {}
    for word in _WORD.findall(conf.text):
        counts[word] = counts.get(word, 0) + 1
    for number, line in enumerate(re.split(r"\r\n|\r|\n", conf.text), 1):
        found = _ASSIGNMENT.match(line)
        if found is None:
            continue
        name = found[1]
        end = len(name) + 1
        place = Place(path=conf.path, line=number, column=1, end_line=number, end_column=end)
        yield Name(
            name=name,
            value=Unknown(why="the file cannot be parsed"),
            place=place,
            statement=place,
            value_place=None,
            text=found[2],
            read_elsewhere=counts[name] > 1,
        )
