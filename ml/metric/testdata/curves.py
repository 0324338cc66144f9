"""Writes curves.json, the golden numbers of curves, thresholds, calibration and
residuals, with scikit-learn (1.9.1, scipy 1.17.1, numpy 2.4.6 made those that
are committed). Run it in the folder ml/metric: python testdata/curves.py"""
import json

import numpy as np
from scipy import stats
from sklearn import calibration, metrics

rng = np.random.default_rng(7)


def plain(o):
    if isinstance(o, np.ndarray):
        return [None if np.isinf(v) else v for v in o.tolist()]
    if isinstance(o, np.generic):
        return o.item()
    raise TypeError(type(o))


binary = []
for name, n, digits, shift, share in (("ties", 200, 1, 1.2, .4), ("few ties", 300, 2, 1.0, .5), ("no ties", 150, 12, 1.5, .3),
                                      ("rare", 250, 3, 2.0, .03), ("perfect", 40, 12, 60, .5), ("constant", 30, 0, 0, .5), ("reversed", 60, 2, -1, .5)):
    y = (rng.random(n) < share).astype(int)
    y[:2] = 0, 1
    p = np.round(1 / (1 + np.exp(-rng.normal(size=n) - shift * (y - .5))), digits)
    if name == "constant":
        p[:] = .25
    roc, corners = metrics.roc_curve(y, p, drop_intermediate=False), metrics.roc_curve(y, p)
    pr, det = metrics.precision_recall_curve(y, p), metrics.det_curve(y, p)
    case = {"name": name, "y": y, "p": p, "auc": metrics.roc_auc_score(y, p), "ap": metrics.average_precision_score(y, p),
            "roc": roc, "corners": corners, "pr": pr, "det": det, "calibration": [], "sweep": []}
    for bins in (5, 10):
        for strategy in ("uniform", "quantile"):
            true, pred = calibration.calibration_curve(y, p, n_bins=bins, strategy=strategy)
            case["calibration"].append({"bins": bins, "strategy": strategy, "true": true, "pred": pred})
    cost = np.array([[-1.0, 50.0], [500.0, -20.0]])  # actual, predicted
    for t in np.unique(p)[::-1]:
        hard = (p >= t).astype(int)
        m = metrics.confusion_matrix(y, hard, labels=[0, 1])
        prec, rec, f1, _ = metrics.precision_recall_fscore_support(y, hard, average="binary", zero_division=0)
        fpr = m[0, 1] / m[0].sum()
        case["sweep"].append({"threshold": t, "tn": m[0, 0], "fp": m[0, 1], "fn": m[1, 0], "tp": m[1, 1], "precision": prec,
                              "recall": rec, "f1": f1, "youden": rec - fpr, "cost": (m * cost).sum() / n})
    # share of rows, and of positives, with at least each score
    case["gain"] = [[np.mean(p >= t), y[p >= t].sum() / y.sum()] for t in np.unique(p)[::-1]]
    binary.append(case)

residuals = []
for name, x in (("normal", rng.normal(3, 2, 101)), ("skewed", rng.exponential(5, 250)), ("two", np.array([4.0, -1.5])),
                ("heavy", rng.standard_t(2, 1000)), ("ties", np.round(rng.normal(0, 2, 60)))):
    (osm, osr), (slope, intercept, r) = stats.probplot(x)
    residuals.append({"name": name, "x": x, "mean": x.mean(), "std": x.std(ddof=1), "skew": stats.skew(x), "kurtosis": stats.kurtosis(x),
                      "q": np.quantile(x, [0, .01, .05, .25, .5, .75, .95, .99, 1]), "normal": osm, "ordered": osr, "slope": slope, "intercept": intercept, "r": r})

p = np.array([1e-300, 1e-100, 1e-20, 1e-16, 1e-11, 1e-10, 1e-8, 1e-4, .01, .0243, .1, .3, .4999999, .5, .5000001, .7, .9, .975, .999, 1 - 1e-9, 1 - 2**-53])
wilson = [[k, n, *stats.binomtest(k, n).proportion_ci(method="wilson")] for k, n in ((0, 5), (3, 7), (50, 100), (9, 9), (1, 1000))]
with open("testdata/curves.json", "w") as f:
    json.dump({"binary": binary, "residuals": residuals, "quantile": {"p": p, "z": stats.norm.ppf(p)}, "wilson": wilson}, f, default=plain, separators=(",", ":"))
    f.write("\n")
