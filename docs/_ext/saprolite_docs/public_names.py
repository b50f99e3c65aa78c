"""References to where a thing lives lead to its public name, under which it is documented."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

import saprolite


def resolve(
    app: Sphinx, env: BuildEnvironment, node: Any, content: nodes.Element
) -> nodes.Element | None:
    """The reference that was meant, if the package offers the thing under a name of its own."""
    if node.get("refdomain") != "py":
        return None
    target, _, rest = str(node["reftarget"]).partition("(")
    name = target.rpartition(".")[2]
    if name not in saprolite.__all__ or rest:
        return None
    domain = env.domains.python_domain
    return domain.resolve_xref(
        env, node["refdoc"], app.builder, "obj", f"saprolite.{name}", node, content
    )
