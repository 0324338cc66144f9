"""Makes association.json: how columns of the samples go with a target, by SciPy
1.17.1 and NumPy 2.4.6. Run in this directory: python association.py."""

import csv
import gzip
import json

import numpy as np
from scipy import stats
from scipy.stats import contingency


def read(sample):
    with gzip.open(f"../../sample/{sample}.csv.gz", "rt", newline="", encoding="utf-8") as f:
        return list(csv.DictReader(f))


def pairs(rows, a, b):
    return [(r[a], r[b]) for r in rows if r[a] != "" and r[b] != ""]


def eta(groups, values):
    # The share of the total sum of squares between the groups, by SciPy's F:
    # F = (between / (k - 1)) / (within / (n - k)).
    names = sorted(set(groups))
    parts = [values[groups == g] for g in names]
    f = stats.f_oneway(*parts).statistic
    k, n = len(parts), len(values)
    return float(np.sqrt(f * (k - 1) / (f * (k - 1) + n - k)))


def cramer(a, b):
    counts = contingency.crosstab(a, b).count
    n = counts.sum()
    r, k = counts.shape
    phi2 = stats.chi2_contingency(counts, correction=False).statistic / n
    phi2 = max(0, phi2 - (k - 1) * (r - 1) / (n - 1))
    kc, rc = k - (k - 1) ** 2 / (n - 1), r - (r - 1) ** 2 / (n - 1)
    return float(np.sqrt(phi2 / min(kc - 1, rc - 1)))


out = []
for sample, target, columns in [
    ("ames_housing", "Sale_Price", {"Lot_Area": "pearson", "Mas_Vnr_Area": "pearson", "Longitude": "pearson", "Neighborhood": "eta", "Street": "eta"}),
    ("telco_churn", "churn", {"tenure": "eta", "total_charges": "eta", "contract": "cramers_v", "payment_method": "cramers_v"}),
]:
    rows = read(sample)
    for column, measure in columns.items():
        a, b = (np.array(x) for x in zip(*pairs(rows, column, target)))
        if measure == "pearson":
            value = float(stats.pearsonr(a.astype(float), b.astype(float)).statistic)
        elif measure == "cramers_v":
            value = cramer(a, b)
        elif target == "churn":
            value = eta(b, a.astype(float))
        else:
            value = eta(a, b.astype(float))
        out.append({"sample": sample, "target": target, "column": column, "measure": measure, "value": value, "rows": len(a)})
with open("association.json", "w", encoding="utf-8") as f:
    json.dump(out, f, indent=1)
    f.write("\n")
