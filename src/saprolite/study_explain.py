"""What a study computes, as text: its equations, or its soil column, with every number."""

from __future__ import annotations

from saprolite.column.solve import rate_law
from saprolite.models import CO2Pathway
from saprolite.models.explain import explain, explain_text
from saprolite.models.explain_column import explain_column_text
from saprolite.study import Study

# What a soil column takes from the [reading] of the study: the rest has its own choices.
_TAKEN = ("Eq 1", "Eq 2", "Time")


def explain_study(study: Study) -> str:
    """The text of ``saprolite explain STUDY.toml``."""
    reading = study.column_reading
    if study.column is None or reading is None:
        return explain_text(CO2Pathway.of(study.chosen_reading, tuple(study.minerals.names)))
    minerals = dict.fromkeys([*study.minerals.names, *(study.column.primary_minerals or {})])
    lines = [study.summary, "", explain_column_text(rate_law(reading, tuple(minerals))), ""]
    lines.append("From [reading], with ET and temperature as means of the year:")
    for note in explain(CO2Pathway(study.chosen_reading, (), (), (), (), ())):
        if note.label.startswith(_TAKEN):
            lines += [note.label, *(f"    {line}" for line in note.form.splitlines())]
            lines += [f"      {number}" for number in note.numbers]
    return "\n".join(lines)
