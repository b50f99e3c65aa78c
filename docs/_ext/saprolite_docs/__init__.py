"""What the pages of the site are made of: tables, help and equations, from the package itself."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

from saprolite_docs import docstrings, generated, public_names, shared_run


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive ``generated`` and what is done to docstrings."""
    app.add_directive("generated", generated.Generated)
    app.connect("autodoc-process-docstring", docstrings.process, priority=400)
    app.connect("autodoc-process-signature", docstrings.plain_signature)
    app.connect("missing-reference", public_names.resolve)
    app.connect("builder-inited", shared_run.provide)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
