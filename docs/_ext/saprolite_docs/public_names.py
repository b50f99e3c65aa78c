"""References to a public name lead to where the thing lives, under which it is documented."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def resolve(
    app: Sphinx, env: BuildEnvironment, node: Any, content: nodes.Element
) -> nodes.Element | None:
    """The reference that was meant, by the last part of its name."""
    if node.get("refdomain") != "py":
        return None
    domain = env.domains.python_domain
    name = str(node["reftarget"]).rpartition(".")[2]
    targets = [one for one in domain.objects if one.endswith(f".{name}")]
    if not targets or not name.isidentifier():
        return None
    return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", targets[0], node, content)
