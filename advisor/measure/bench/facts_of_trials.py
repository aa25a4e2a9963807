"""Facts of several trials together; what is unknown of one is unknown of all."""

from __future__ import annotations

import math
from collections.abc import Sequence

from advisor.facts import Fact


def sum_of(facts: Sequence[Fact[float]]) -> Fact[float]:
    """The sum; unknown when one of them is."""
    values = [fact.value for fact in facts if fact.value is not None]
    if len(values) < len(facts):
        return next(fact for fact in facts if fact.value is None)
    return Fact(value=math.fsum(values), source=facts[0].source)


def mean_of(facts: Sequence[Fact[float]] | Sequence[Fact[int]]) -> Fact[float]:
    """The mean; unknown when one of them is."""
    return sum_of([fact.map(float) for fact in facts]).map(lambda total: total / len(facts))


def most_of(facts: Sequence[Fact[int]]) -> Fact[int]:
    """The greatest; unknown when one of them is."""
    return max(facts, key=lambda fact: math.inf if fact.value is None else fact.value)
