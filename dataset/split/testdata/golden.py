"""Makes folds.json: what scikit-learn's splitters say where nothing is drawn.
Run in this directory: python golden.py. Made with scikit-learn 1.9.1; needs
nothing else."""

import json

import numpy as np
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold, TimeSeriesSplit

rng = np.random.default_rng(4)
out = {"time": [], "kfold": [], "group": [], "stratified": []}
for n, k in [(6, 5), (10, 3), (100, 7), (101, 2), (49, 10)]:
    splitter = TimeSeriesSplit(n_splits=k)
    out["time"].append({"rows": n, "folds": k, "tests": [[int(test[0]), int(test[-1])] for _, test in splitter.split(np.zeros(n))],
                        "trains": [len(train) for train, _ in splitter.split(np.zeros(n))]})
for n, k in [(5, 5), (10, 3), (101, 7), (50, 50)]:
    out["kfold"].append({"rows": n, "folds": k, "sizes": [len(test) for _, test in KFold(k).split(np.zeros(n))]})
for groups, k in [(5, 5), (20, 3), (100, 7), (300, 10)]:
    sizes = rng.integers(1, 40, groups)
    ids = np.repeat(np.arange(groups), sizes)
    tests = [len(test) for _, test in GroupKFold(k).split(ids, groups=ids)]
    out["group"].append({"groups": sizes.tolist(), "folds": k, "sizes": sorted(tests)})
for counts, k in [([50, 50], 5), ([97, 11, 7], 7), ([13, 29, 31, 5], 4), ([5174, 1869], 10)]:
    y = np.repeat(np.arange(len(counts)), counts)
    held = [np.bincount(y[test], minlength=len(counts)).tolist() for _, test in StratifiedKFold(k).split(y, y)]
    out["stratified"].append({"classes": counts, "folds": k, "held": held})
with open("folds.json", "w", encoding="utf-8") as f:
    json.dump(out, f)
    f.write("\n")
