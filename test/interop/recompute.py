"""Recomputes a run's report with scikit-learn and scipy from the predictions that
the served model gives: python recompute.py REQUEST.json. The request is {"task",
"positive", "classes", "y": [...], "called": [...], "proba": [[...]], "train_y":
[...], "slices": {column: [value]}, "cost": {...}, "report": evaluation.json,
"plots": {name: json}}. The answer is {"apart": {what: largest distance, relative
above 1}, "compared": how many numbers}."""
import json
import sys
import warnings

import numpy as np
from scipy import stats
from sklearn import calibration, metrics

warnings.filterwarnings("ignore")
ask = json.load(open(sys.argv[1]))
report, plots = ask["report"], ask["plots"]
apart, compared = {}, 0
found = {m["name"]: m["value"] for m in report["metrics"]}


def same(what, got, want):
    global compared
    got, want = np.ravel(np.asarray(got, dtype=float)), np.ravel(np.asarray(want, dtype=float))
    if got.shape != want.shape:
        sys.exit(f"{what}: {got.size} numbers, want {want.size}")
    compared += got.size
    d = np.abs(got - want) / np.maximum(1, np.abs(want)) if got.size else np.zeros(1)
    apart[what] = max(apart.get(what, 0), float(np.where(got == want, 0, d).max()))


def points(what, stored, columns, full):
    """Each point of a thinned curve must be one of the full curve, its ends too."""
    got = np.column_stack([[np.nan if v is None else v for v in stored[c]] for c in columns])
    want = np.column_stack([np.where(np.isinf(f), np.nan, f) for f in full])
    for end in (0, -1):
        nearest = min(np.abs(np.nan_to_num(got[0] - want[end], nan=0)).max(), np.abs(np.nan_to_num(got[-1] - want[end], nan=0)).max())
        same(what + ", ends", nearest, 0)
    for point in got:
        d = np.where(np.isnan(want) & np.isnan(point), 0, np.abs(want - point) / np.maximum(1, np.abs(want)))
        same(what, np.nanmin(np.where(np.isnan(d), np.inf, d).max(axis=1)), 0)


def slices(measure):
    for s in report["slices"]:
        rows = np.array([v == s["value"] for v in ask["slices"][s["column"]]])
        same("slices, rows", s["rows"], rows.sum())
        want = measure(rows)
        for m in s["metrics"]:
            same("slices, " + m["name"], m["value"], want[m["name"]])


def classification():
    classes, k = ask["classes"], ask["classes"].index(ask["positive"])
    y = np.array(ask["y"]) == ask["positive"]
    called = np.array(ask["called"]) == ask["positive"]
    p = np.array(ask["proba"])[:, k]

    cost = ask["cost"]
    each = {(True, True): cost["true_positive"], (False, True): cost["false_positive"], (True, False): cost["false_negative"], (False, False): 0.0}

    def price(calls, rows=slice(None)):
        return np.array([each[bool(t), bool(c)] for t, c in zip(y[rows], calls[rows])])

    def measure(rows):
        t, c, q = y[rows], called[rows], p[rows]
        return {"cost": price(called, rows).mean(), "accuracy": metrics.accuracy_score(t, c), "precision": metrics.precision_score(t, c, zero_division=0), "recall": metrics.recall_score(t, c),
                "f1": metrics.f1_score(t, c), "roc_auc": metrics.roc_auc_score(t, q), "pr_auc": metrics.average_precision_score(t, q),
                "log_loss": metrics.log_loss(t, q, labels=[False, True]), "brier": metrics.brier_score_loss(t, q)}

    for name, v in measure(np.full(len(y), True)).items():
        if name != "cost":
            same("metrics", found["test_" + name], v)
    slices(measure)
    same("confusion", report["confusion"]["test"], metrics.confusion_matrix(ask["y"], ask["called"], labels=classes))
    same("confusion", plots["confusion"]["counts"], report["confusion"]["test"])

    fpr, tpr, at = metrics.roc_curve(y, p, drop_intermediate=False)
    curve = plots["roc"]["curves"][0]
    same("roc, area", curve["auc"], metrics.auc(fpr, tpr))
    points("roc", curve, ["fpr", "tpr", "thresholds"], [fpr, tpr, at])
    precision, recall, at = metrics.precision_recall_curve(y, p)
    curve = plots["pr"]["curves"][0]
    same("pr, average precision", curve["average_precision"], metrics.average_precision_score(y, p))
    points("pr", curve, ["precision", "recall", "thresholds"], [precision, recall, np.append(at, np.inf)])
    at = np.unique(p)[::-1]
    share = np.append(0, [np.mean(p >= t) for t in at])
    points("gain", plots["gain"]["curves"][0], ["rows", "gain"], [share, np.append(0, [y[p >= t].sum() / y.sum() for t in at])])
    for strategy in ("quantile", "uniform"):
        bins = plots["calibration"][strategy]["bins"]
        observed, predicted = calibration.calibration_curve(y, p, n_bins=10, strategy=strategy)
        same("calibration", [b["observed"] for b in bins], observed)
        same("calibration", [b["predicted"] for b in bins], predicted)
        for b in bins:
            ci = stats.binomtest(round(b["observed"] * b["rows"]), b["rows"]).proportion_ci(method="wilson")
            same("calibration, intervals", [b["low"], b["high"]], ci)
        weights = np.array([b["rows"] for b in bins])
        same("calibration error", plots["calibration"][strategy]["error"], np.sum(weights * np.abs(observed - predicted)) / weights.sum())
    same("calibration error", report["calibration_error"], plots["calibration"]["quantile"]["error"])

    c = report["cost"]
    same("cost", [c["per_row"]["value"], c["total"]], [price(called).mean(), price(called).sum()])
    base = price(np.full(len(y), False)).mean()  # the baseline calls everything what is most frequent
    same("cost", [c["baseline"], c["saving"]["value"]], [base, base - price(called).mean()])
    best = c["best"]
    same("cost, best", [best["per_row"]["value"], best["total"]], [price(p >= best["threshold"]).mean(), price(p >= best["threshold"]).sum()])
    for t, v in zip(plots["cost"]["threshold"], plots["cost"]["cost"]):
        same("cost by threshold", v, price(p >= t).mean())
    d = report["threshold"]["chosen"]
    same("threshold", [d["tp"], d["fp"], d["fn"], d["tn"]], [(y & (p >= d["threshold"])).sum(), (~y & (p >= d["threshold"])).sum(), (y & (p < d["threshold"])).sum(), (~y & (p < d["threshold"])).sum()])
    for t, a, b, f in zip(*(plots["threshold"][n] for n in ("threshold", "precision", "recall", "f1"))):
        want = metrics.precision_recall_fscore_support(y, p >= t, average="binary", zero_division=0)
        same("metrics by threshold", [a, b, f], want[:3])
    for g in plots["scores"]["groups"]:
        same("scores", g["counts"], np.histogram(p[y == (g["name"] == ask["positive"])], np.arange(26) / 25)[0])


def regression():
    y, got = np.array(ask["y"], dtype=float), np.array(ask["called"], dtype=float)
    rest = y - got

    def price(predicted, rows=slice(None)):
        t, c = y[rows], predicted[rows]
        return np.where(c > t, ask["cost"]["over"] * (c - t), ask["cost"]["under"] * (t - c))

    def measure(rows):
        t, c = y[rows], got[rows]
        return {"cost": price(got, rows).mean(), "rmse": metrics.root_mean_squared_error(t, c), "mae": metrics.mean_absolute_error(t, c), "r2": metrics.r2_score(t, c),
                "mape": metrics.mean_absolute_percentage_error(t, c)}

    for name, v in measure(np.full(len(y), True)).items():
        if name != "cost":
            same("metrics", found["test_" + name], v)
    slices(measure)
    r = report["residuals"]
    same("residuals", [r["mean"], r["std"], r["skew"], r["kurtosis"]], [rest.mean(), rest.std(ddof=1), stats.skew(rest), stats.kurtosis(rest)])
    same("residuals", [r[n] for n in ("min", "p01", "p05", "p25", "p50", "p75", "p95", "p99", "max")], np.quantile(rest, [0, .01, .05, .25, .5, .75, .95, .99, 1]))
    (normal, ordered), (slope, intercept, corr) = stats.probplot(rest)
    qq = plots["qq"]
    same("qq", [qq["slope"], qq["intercept"], qq["r"]], [slope, intercept, corr])
    points("qq", qq, ["normal", "ordered"], [normal, ordered])
    points("predicted and actual", plots["predicted_actual"], ["actual", "predicted"], [y, got])
    points("residuals, plot", plots["residuals"], ["predicted", "residual"], [got, rest])
    same("histogram", plots["residual_histogram"]["counts"], np.histogram(rest, plots["residual_histogram"]["edges"])[0])

    c = report["cost"]
    base = price(np.full(len(y), np.mean(ask["train_y"]))).mean()
    same("cost", [c["per_row"]["value"], c["total"], c["baseline"], c["saving"]["value"]], [price(got).mean(), price(got).sum(), base, base - price(got).mean()])


classification() if ask["task"] == "classification" else regression()
print(json.dumps({"apart": apart, "compared": compared}))
