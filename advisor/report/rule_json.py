"""Rules, settings and platforms as JSON: ``gcadvise.rule/1``, described by schemas/rule.json."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.report.rule import rules_about
from gunicorn_conf.platforms import Figure, Platform
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.settings import Setting
from gunicorn_conf.worker_readers import READERS


def rule_json(
    rules: Sequence[Rule], setting: Setting | None, platform: Platform | None, every: Sequence[Rule]
) -> dict[str, object]:
    """The body of the envelope; what was not asked for is empty or null."""
    return {
        "rules": [_rule(rule) for rule in rules],
        "setting": None if setting is None else _setting(setting, every),
        "platform": None if platform is None else _platform(platform),
    }


def _rule(rule: Rule) -> dict[str, object]:
    return {
        "code": rule.code,
        "name": rule.name,
        "topic": rule.topic.name.lower(),
        "severity": rule.severity.value,
        "confidence": rule.confidence.value,
        "since": None if rule.since is None else str(rule.since),
        "until": None if rule.until is None else str(rule.until),
        "evidence": rule.evidence,
        "page": rule.page,
    }


def _readers(name: str) -> dict[str, object] | None:
    found = READERS.get(name)
    return None if found is None else {"read_by": list(found.classes), "note": found.note, "source": found.source}


def _setting(setting: Setting, every: Sequence[Rule]) -> dict[str, object]:
    return {
        "name": setting.name,
        "section": setting.section,
        "flags": list(setting.flags),
        "variable": setting.variable,
        "since": str(setting.since),
        "removed": None if setting.removed is None else str(setting.removed),
        "types": [{"since": str(since), "type": kind.value} for since, kind in setting.types],
        "defaults": [{"since": str(since), "value": value} for since, value in setting.defaults],
        "worker_classes": _readers(setting.name),
        "rules": [rule.code for rule in rules_about(setting.name, every)],
    }


def _platform(platform: Platform) -> dict[str, object]:
    return {
        "name": platform.name,
        "title": platform.title,
        "container": platform.container,
        "bind_host": platform.bind_host,
        "default_port": platform.default_port,
        "sets": list(platform.sets),
        "request_timeout_seconds": _figure(platform.request_timeout_seconds),
        "stop_window_seconds": _figure(platform.stop_window_seconds),
        "idle_timeout_seconds": _figure(platform.idle_timeout_seconds),
        "notes": list(platform.notes),
    }


def _figure(figure: Figure | None) -> dict[str, object] | None:
    if figure is None:
        return None
    return {"value": figure.value, "source": figure.source, "date": figure.date, "verified": figure.verified}
