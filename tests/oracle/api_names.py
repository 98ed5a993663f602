"""Makes ``api_names.json``: what PyTorch gives for every call of ``api_calls.py``, and how much each name and keyword is used.

    python oracle/api_names.py API.md API_WEIGHTS.csv      # in tests/, with PyTorch and NumPy
"""

import csv
import json
import re
import sys
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import torch
from api_calls import CALLS, evaluate

#: A name of the lists, its keywords and its kind: `name(kw, ...)` T38/F23.
ITEM = re.compile(r"`([A-Za-z_][\w.]*)(?:\(([^)`]*)\))?`(?: ([TtFf][\d/TtFf]*))?")


def keywords(text):
    """Name -> keywords, of the tiers' lists and not of the stand-ins."""
    found = {}
    tiers = text[text.index("## Tier 1") : text.index("## Syntax, not names")]
    for section in re.split(r"\n(?=- \*\*)", tiers):
        if section.startswith("- **Stand-ins"):
            continue
        for name, listed, kind in ITEM.findall(section):
            if listed and not name.startswith("arcgrad"):
                method = bool(kind) and "f" not in kind.lower()
                found.setdefault(f"Tensor.{name}" if method else name, []).extend(w.strip() for w in listed.split(","))
    return found


def main(page, weights):
    warnings.simplefilter("ignore")
    results = {}
    for name, expressions in CALLS.items():
        for expression in expressions:
            try:
                results[expression] = evaluate(torch, expression)
            except Exception as error:
                print(f"{name}: {expression}: {type(error).__name__}: {error}", file=sys.stderr)
    with open(weights) as file:
        names = {row["name"]: [float(row["weight"]), int(row["rank"]) if row["rank"] else None] for row in csv.DictReader(file)}
    data = {"torch": torch.__version__.partition("+")[0], "names": names, "keywords": keywords(Path(page).read_text()), "results": results}
    lines = json.dumps(data, separators=(",", ":")).replace('},"', '},\n"')
    (HERE / "api_names.json").write_text(lines + "\n")


main(*sys.argv[1:])
