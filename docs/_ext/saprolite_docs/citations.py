"""Which entry of the bibliography a source names, by how sources are written in the package."""

from __future__ import annotations

import re

_PATTERNS = {
    r"Brook et al\. 1983": "brook1983",
    r"(?:Sverdrup & Warfvinge|S&W) 1995": "sverdrup1995",
    r"Sverdrup & Warfvinge 1993": "sverdrup1993",
    r"Sverdrup 1990": "sverdrup1990",
    r"Sverdrup et al\. 2019": "sverdrup2019",
    r"Palandri & Kharaka 2004": "palandri2004",
    r"Hermanska et al\. 2022": "hermanska2022",
    r"Kohler et al\. 2003": "kohler2003",
    r"Rozalen et al\. 2008": "rozalen2008",
    r"Rozalen et al\. 2009": "rozalen2009",
    r"Lowson et al\. 2005": "lowson2005",
    r"Liao et al\. 2021": "liao2021",
    r"Appelo & Postma 2005": "appelo2005",
    r"Oliver et al\. 1983": "oliver1983",
    r"Godd[eé]ris et al\. 2006": "godderis2006",
    r"Hamed & Rao 1998": "hamed1998",
    r"Shapley 1953": "shapley1953",
    r"Theil 1950": "theil1950",
    r"(?:Mapping Manual V\.3|Mapping Manual)": "mappingmanual",
    r"(?:PHREEQC|phreeqc3|phreeqc\.dat|phreeqc_rates\.dat|llnl\.dat)": "phreeqc",
    r"NutsFor(?:_OR2)?": "nutsfor",
    r"Thermoddem": "thermoddem",
}


def keys(source: str) -> list[str]:
    """Keys of the bibliography that a text names, each once.

    >>> keys("manuscript Eq 2 after Brook et al. 1983 (recalled)")
    ['brook1983']
    """
    return [key for pattern, key in _PATTERNS.items() if re.search(pattern, source)]


def cited(source: str) -> str:
    """A role of Markdown that cites what a text names; nothing where it names none."""
    found = keys(source)
    return "{cite}`" + ",".join(found) + "`" if found else ""
