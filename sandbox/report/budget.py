"""What is said of a budget: what it is, what is used of it, and what was cut to keep it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.export.choice import Choice
from sandbox.report.terminal import number_of
from sandbox.subset.budget import in_words
from sandbox.subset.growth import Spent
from sandbox.subset.odd.found import Cover
from sandbox.subset.request import SampleRequest


def budget_notes(choice: Choice) -> Iterator[str]:
    """Say what became of the budget, where there was one."""
    spent = choice.subset.spent
    if spent is None:
        return
    request = choice.subset.plan.request
    used = in_words(spent.used, spent.budget.unit)
    cuts = [*_cuts(spent, request, _few(choice.cover, request))]
    yield f"budget    {spent.budget}, of which {used} are used: {', '.join(cuts) or 'nothing cut'}"


def budget_data(choice: Choice) -> dict[str, Any] | None:
    """Give what became of the budget; nothing where there was none."""
    spent = choice.subset.spent
    if spent is None:
        return None
    return {
        "amount": spent.budget.amount,
        "unit": spent.budget.unit.value,
        "used": spent.used,
        "never_cut": spent.needed,
        "drawn": round(spent.drawn, 6),
        "short_families": spent.short,
        "classes_with_few": _few(choice.cover, choice.subset.plan.request),
    }


def _cuts(spent: Spent, request: SampleRequest, few: int) -> Iterator[str]:
    if spent.drawn < 1:
        share = request.default
        if share.rows is None:
            now = f"{100 * share.fraction:g} % to {100 * share.fraction * spent.drawn:.3g} %"
        else:
            now = f"{share.rows:,} rows to {round(share.rows * spent.drawn):,} of each target"
        yield f"the draw was cut from {now}"
    if spent.short:
        families = "family is" if spent.short == 1 else "families are"
        yield f"{spent.short:,} {families} not whole"
    if few:
        has = "kind of odd rows has" if few == 1 else "kinds of odd rows have"
        yield f"{few:,} {has} fewer than {number_of(request.cover.rows, 'row')}"


def _few(cover: Cover, request: SampleRequest) -> int:
    """Count the classes with fewer rows than are wanted and there are; of extremes one is."""
    single = {"shortest", "longest", "least", "greatest", "largest family"}
    return sum(
        one.taken < min(one.rows, 1 if one.name in single else request.cover.rows)
        for one in (*cover.classes, *cover.named)
    )
