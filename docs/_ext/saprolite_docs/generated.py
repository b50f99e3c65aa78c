"""The directive ``{generated} NAME [WORDS]``: Markdown that a function makes at each build."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from saprolite_docs import (
    carried_tables,
    command_line,
    equation_index,
    nomenclature,
    readings,
    study_file,
)

PAGES: Mapping[str, Callable[..., str]] = {
    "command_line": command_line.commands,
    "command_list": command_line.listed,
    "constants": carried_tables.constants,
    "carried_table": carried_tables.carried_table,
    "equation_index": equation_index.index,
    "nomenclature": nomenclature.variables,
    "reading_fields": readings.fields_of,
    "reading_presets": readings.presets,
    "study_file": study_file.sections,
    "unverified": carried_tables.unverified,
}


class Generated(SphinxDirective):
    """Markdown from the function of this name, parsed in its place; sections too."""

    required_arguments = 1
    optional_arguments = 9

    def run(self) -> list[nodes.Node]:
        """The nodes of what the function wrote."""
        name, *words = self.arguments
        if name not in PAGES:
            raise self.error(f"generated: {name!r} is none of {', '.join(PAGES)}")
        return self.parse_text_to_nodes(PAGES[name](*words), allow_section_headings=True)
