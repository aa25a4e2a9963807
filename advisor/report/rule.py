"""A rule, a setting or a platform explained as terminal text; pure functions of the data."""

from __future__ import annotations

import re
from collections.abc import Sequence

from advisor.report.columns import columns
from gunicorn_conf.platforms import Figure, Platform
from gunicorn_conf.release import NEWEST_KNOWN, Release
from gunicorn_conf.rules.rule import Rule, Topic
from gunicorn_conf.settings import Setting, SettingDefault, SettingType, worker_classes
from gunicorn_conf.worker_readers import READERS, Readers

# The oldest release of the catalogue stands for "or earlier".
_OLDEST = Release(19, 9, 0)


def rule_text(rule: Rule, width: int) -> str:
    """The whole page of a rule, and how to accept what it finds."""
    first, _, rest = rule.page.partition("\n\n")
    facts = [
        ("Severity", rule.severity.value),
        ("Confidence", rule.confidence.value),
        ("Topic", rule.topic.name.lower()),
        ("Releases", releases(rule)),
        ("Known from", rule.evidence),
        ("Accept it", f"# gcadvise: ignore[{rule.code}] why"),
    ]
    lines = [f"{rule.code} {rule.name}", "", plain(first), "", *columns(facts, width=width), "", plain(rest)]
    return "\n".join(lines) + "\n"


def rules_text(rules: Sequence[Rule], width: int) -> str:
    """One line a rule, by topic."""
    lines: list[str] = []
    for topic in Topic:
        of_topic = [rule for rule in rules if rule.topic is topic]
        if of_topic:
            rows = [(rule.code, rule.name, rule.severity.value, headline(rule)) for rule in of_topic]
            lines += [topic.name.capitalize(), *columns(rows, width=width), ""]
    lines.append(f"{len(rules)} rules. One of them: gcadvise rule {rules[0].code}")
    return "\n".join(lines) + "\n"


def headline(rule: Rule) -> str:
    """The first sentence of a rule's page, without its full stop."""
    return plain(rule.page.partition("\n\n")[0]).removesuffix(".")


def releases(rule: Rule) -> str:
    """The releases that a rule applies to, as shown text."""
    if rule.since is None and rule.until is None:
        return "all"
    if rule.until is None:
        return f"{rule.since} and later"
    return f"before {rule.until}" if rule.since is None else f"{rule.since} up to, not including, {rule.until}"


def plain(text: str) -> str:
    """Page text without its marks of literals (``x``)."""
    return re.sub(r"``(.*?)``", r"\1", text, flags=re.DOTALL).replace("::\n", ":\n")


def rules_about(name: str, rules: Sequence[Rule]) -> list[Rule]:
    """The rules whose page speaks of a setting: within a literal, or at the beginning of a line of an example."""
    literal = re.compile(rf"``[^`]*(?<![\w-]){name}(?!\w)[^`]*``|^\s+{name}\s*=", re.MULTILINE)
    return [rule for rule in rules if literal.search(rule.page)]


def setting_text(setting: Setting, rules: Sequence[Rule], width: int) -> str:
    """What the catalogue says of a setting, and which rules speak of it."""
    facts = [
        ("Section", setting.section),
        ("Flags", ", ".join(setting.flags) or "none; only a file can hold it"),
        *([("Variable", f"{setting.variable}, which replaces the default")] if setting.variable else []),
        ("Type", history([(since, shown_type(kind)) for since, kind in setting.types])),
        ("Default", history([(since, shown_default(value)) for since, value in setting.defaults])),
        ("Releases", lifetime(setting)),
        *([("Read by", shown_readers(READERS[setting.name]))] if setting.name in READERS else []),
        *([("Values", ", ".join(sorted(worker_classes(NEWEST_KNOWN))))] if setting.name == "worker_class" else []),
    ]
    lines = [f"{setting.name}, a setting of Gunicorn", "", *columns(facts, width=width)]
    about = rules_about(setting.name, rules)
    if about:
        rows = [(rule.code, rule.name, headline(rule)) for rule in about]
        lines += ["", "Rules that speak of it", *columns(rows, width=width)]
    return "\n".join(lines) + "\n"


def shown_readers(readers: Readers) -> str:
    """The worker classes that read a setting, what else is to be said of it, and the source."""
    classes = ", ".join(readers.classes) if readers.classes else "all worker classes"
    return f"{classes}; {readers.note} ({readers.source})"


def history(values: Sequence[tuple[Release, str]]) -> str:
    """One value, or each with the release from which it holds."""
    if len(values) == 1:
        return values[0][1]
    (_, first), *later = values
    return "; ".join([f"{first} at first", *(f"{value} since {since}" for since, value in later)])


def lifetime(setting: Setting) -> str:
    """The releases that have the setting, as shown text."""
    since = "19.9.0 or earlier" if setting.since <= _OLDEST else str(setting.since)
    return f"since {since}" + (f", removed in {setting.removed}" if setting.removed else "")


def shown_type(kind: SettingType) -> str:
    """What a setting takes, in words."""
    return _TYPES[kind]


_TYPES = {
    SettingType.BOOL: "True or False",
    SettingType.INT: "whole number",
    SettingType.STR: "text",
    SettingType.LIST: "list of texts, or a text with commas",
    SettingType.DICT: "dict",
    SettingType.CLASS: "class, or its name or path as text",
    SettingType.USER: "name or number of a user or group",
    SettingType.HOOK: "function that Gunicorn calls",
}


def shown_default(value: SettingDefault) -> str:
    """A default as it would be written in a file."""
    return "None" if value is None else repr(value)


def platform_text(platform: Platform, width: int) -> str:
    """What a platform promises and limits, each figure with its source."""
    figures = (
        ("Gives up on a request after", platform.request_timeout_seconds),
        ("From SIGTERM to SIGKILL", platform.stop_window_seconds),
        ("Keeps an idle connection for", platform.idle_timeout_seconds),
    )
    facts = [
        ("Kind", "container" if platform.container else "machine with a proxy in front"),
        ("Binds to", f"{platform.bind_host}, port {platform.default_port} unless PORT says otherwise"),
        ("Sets", ", ".join(platform.sets) or "none of the variables that Gunicorn reads"),
        *((what, shown_figure(figure)) for what, figure in figures),
    ]
    lines = [f"{platform.name}: {platform.title}", "", *columns(facts, width=width)]
    if platform.notes:
        lines += ["", *columns([("-", note) for note in platform.notes], width=width)]
    return "\n".join(lines) + "\n"


def shown_figure(figure: Figure | None) -> str:
    """A figure with its source and date; says when it is not verified."""
    if figure is None:
        return "unknown"
    mark = "" if figure.verified else ", not verified"
    return f"{figure.value} {figure.unit} ({figure.source}, {figure.date}{mark})"
