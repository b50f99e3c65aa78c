"""The documentation site: python -m sphinx -W --keep-going -b html docs docs/_build/html"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

from saprolite.version import __version__

project = "saprolite"
author = "The saprolite developers"
copyright = author
release = version = __version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "myst_nb",
    "sphinxcontrib.bibtex",
    "saprolite_docs",
]
exclude_patterns = ["_build", "_ext", "**/.ipynb_checkpoints"]
nitpicky = True
nitpick_ignore_regex = [
    # Types of other libraries: their inventories would need a network.
    ("py:.*", r"(numpy|np|npt|xarray|xr|pandas|pd|pydantic|matplotlib|collections|typing)\b.*"),
    # Types that a user meets as a result and never names.
    (
        "py:.*",
        r".*\b(Number|Report|Place|TypeAliasForwardRef|Closed|Prepared|Columns|SteadyState|Seconds|ArrayPlan|Memory)",
    ),
    ("py:.*", r".*\b(ProfileLaw|WitchLaw|SiteCriticalLoad)"),
    ("py:.*", r"(Figure|Axes)"),
    ("py:.*", r"(Path|pathlib\.Path|Any|Mapping|Sequence|Iterable|Callable|optional|float|UPath)"),
]

# A page is a notebook where its header says so; its outputs are made at each build.
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_merge_streams = True
nb_render_image_options = {"align": "left"}
myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 4
suppress_warnings = ["config.cache"]

bibtex_bibfiles = ["references.bib"]
bibtex_reference_style = "author_year"
bibtex_default_style = "plain"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_type_aliases = {"Place": "Place", "Report": "Report", "Number": "Number"}
autosummary_generate = False
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_custom_sections = ["Source", "Returns"]
add_module_names = False
python_use_unqualified_type_names = True

html_theme = "pydata_sphinx_theme"
html_title = "saprolite"
html_static_path = ["_static"]
html_css_files = ["saprolite.css"]
html_sidebars = {name: [] for name in ("index", "start", "gallery", "validation")}
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "saprolite"},
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "show_toc_level": 2,
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "tango",
    "header_links_before_dropdown": 8,
}

# The notebooks find the repository, the package and, in a build that only checks, few pixels.
os.environ["SAPROLITE_DOCS_ROOT"] = str(Path(__file__).parents[1])
if os.environ.get("SAPROLITE_DOCS_QUICK"):
    os.environ["IPYTHONDIR"] = str(Path(__file__).parent / "_ext" / "quick")
os.environ["PYTHONPATH"] = os.pathsep.join(
    [str(Path(__file__).parents[1] / "src"), str(Path(__file__).parent / "_ext"),
     os.environ.get("PYTHONPATH", "")]
)  # fmt: skip
