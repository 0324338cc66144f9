"""Writes importance.json: permutation_importance of scikit-learn (1.9.1 made the
committed file) with the permutations that it used, so that the same can be
forced here. Run it in the folder ml/evaluate: python testdata/importance.py"""
import json

import numpy as np
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import get_scorer

rng = np.random.default_rng(11)
n, repeats = 60, 4
x = np.round(rng.normal(size=(n, 3)), 4)
out = []
for name, scorer, model, y in (
        ("roc_auc", "roc_auc", LogisticRegression(), (x @ [1.5, -.7, 0] + rng.normal(size=n) > 0).astype(float)),
        ("rmse", "neg_root_mean_squared_error", LinearRegression(), np.round(x @ [3, 1, 0] + rng.normal(size=n), 3))):
    model.fit(x, y)
    inner, seen = get_scorer(scorer), []

    def score(m, a, b):
        # the row from which each value of the shuffled column came: rows are distinct
        for j in range(3):
            if not np.array_equal(a[:, j], x[:, j]):
                seen.append((j, [int(np.flatnonzero(x[:, j] == v)[0]) for v in a[:, j]]))
        return inner(m, a, b)

    assert all(len(set(x[:, j])) == n for j in range(3))
    r = permutation_importance(model, x, y, scoring=score, n_repeats=repeats, random_state=5)
    shuffles = [[p for j, p in seen if j == c] for c in range(3)]
    assert all(len(s) == repeats for s in shuffles)
    out.append({"metric": name, "y": y.tolist(), "coef": model.coef_.ravel().tolist(), "intercept": float(np.ravel(model.intercept_)[0]),
                "mean": r.importances_mean.tolist(), "std": r.importances_std.tolist(), "shuffles": shuffles})
with open("testdata/importance.json", "w") as f:
    json.dump({"x": x.tolist(), "cases": out}, f, separators=(",", ":"))
    f.write("\n")
