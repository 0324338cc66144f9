"""Makes profile.json: what NumPy says of the samples' number columns, to which
profile.New is held. Run in this directory: python golden.py. Made with
NumPy 2.4.6; needs nothing else."""

import csv
import gzip
import json

import numpy as np

COLUMNS = {
    "telco_churn": ["tenure", "monthly_charges", "total_charges", "female"],
    "ames_housing": ["Lot_Area", "Sale_Price", "Longitude", "Mas_Vnr_Area"],
    "chicago_ridership": ["ridership", "temp_change", "pressure", "percip"],
}
SHARES = [0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1]

out = []
for sample, columns in COLUMNS.items():
    with gzip.open(f"../../sample/{sample}.csv.gz", "rt", newline="", encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    for name in columns:
        x = np.array([float(r[name]) for r in rows if r[name] != ""])
        out.append({
            "sample": sample,
            "column": name,
            "missing": len(rows) - len(x),
            "distinct": len(np.unique(x)),
            "mean": x.mean(),
            "std": x.std(ddof=1),
            "quantiles": np.quantile(x, SHARES).tolist(),
        })

# Hard for naive sums: a small spread far from zero.
x = 1e9 + np.array([4.0, 7.0, 13.0, 16.0])
out.append({"sample": "", "column": "far", "missing": 0, "distinct": 4, "mean": x.mean(),
            "std": x.std(ddof=1), "quantiles": np.quantile(x, SHARES).tolist()})
with open("profile.json", "w") as f:
    json.dump(out, f, indent=1)
    f.write("\n")
