"""``gcadvise rule``: explains a rule of ``validate``, a setting of Gunicorn, or a platform."""

from __future__ import annotations

import enum
import shutil
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from advisor.cli.streams import answer
from gunicorn_conf.errors import BadInput
from gunicorn_conf.platforms import PLATFORM_NAMES, Platform, platform
from gunicorn_conf.rules.registry import RULES
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.select import matching, nearest
from gunicorn_conf.settings import Setting, settings
from gunicorn_conf.write.startups.registry import place_of

# A pipe or a file has no width; this is readable there.
_PLAIN_WIDTH = 100


class Format(str, enum.Enum):
    """How it is shown."""

    text = "text"
    json = "json"
    markdown = "markdown"


def rule(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]", help="A rule's code or name (GC101), a topic (security), a setting, or a platform."
        ),
    ] = None,
    all_rules: Annotated[bool, typer.Option("--all", help="List every rule.")] = False,
    output_format: Annotated[Format, typer.Option("--format", help="How to show it.")] = Format.text,
) -> None:
    """Explain a rule, a setting of Gunicorn, or a platform."""
    if all_rules == (name is not None):
        raise BadInput(
            "it is not clear what to explain",
            why="--all and a name exclude each other" if all_rules else "no name was given",
            hint="give one, as in gcadvise rule GC101 or gcadvise rule workers, or --all",
        )
    rules, setting, about = (RULES, None, None) if name is None else _find(name)
    answer(_shown(rules, setting, about, output_format))


def _find(name: str) -> tuple[Sequence[Rule], Setting | None, Platform | None]:
    text = name.strip()
    setting = text.lower().lstrip("-").replace("-", "_")
    if setting in settings():
        return (), settings()[setting], None
    for one in settings().values():
        if text in one.flags:
            return (), one, None
    place = place_of(text.lower())
    if place in PLATFORM_NAMES:
        return (), None, platform(place)
    try:
        codes = matching(text, RULES)
    except BadInput:
        raise _unknown(text) from None
    return tuple(rule for rule in RULES if rule.code in codes), None, None


def _unknown(text: str) -> BadInput:
    import difflib

    code = nearest(text, RULES) if text.lower().startswith("gc") else None
    known = [*settings(), *PLATFORM_NAMES, *(rule.name for rule in RULES)]
    found = code or next(iter(difflib.get_close_matches(text.lower(), known, 1)), None)
    return BadInput(
        f"{text!r} is neither a rule nor a setting nor a platform",
        why="nothing that gcadvise knows is called so",
        hint=f"did you mean {found!r}?" if found else "gcadvise rule --all lists the rules",
    )


def _shown(rules: Sequence[Rule], setting: Setting | None, about: Platform | None, shape: Format) -> str:
    if shape is Format.json:
        from advisor.report.envelope import envelope
        from advisor.report.rule_json import rule_json

        return envelope("rule", rule_json(rules, setting, about, RULES)) + "\n"
    if shape is Format.markdown and setting is None and about is None:
        from advisor.report.rule_markdown import rule_markdown, rules_markdown

        return rule_markdown(rules[0]) if len(rules) == 1 else rules_markdown(rules)
    from advisor.report.rule import platform_text, rule_text, rules_text, setting_text

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _PLAIN_WIDTH
    if setting is not None:
        text = setting_text(setting, RULES, width)
    elif about is not None:
        text = platform_text(about, width)
    else:
        text = rule_text(rules[0], width) if len(rules) == 1 else rules_text(rules, width)
    return f"```\n{text}```\n" if shape is Format.markdown else text
