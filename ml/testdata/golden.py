"""Writes the golden files of linear, metric and prep with scikit-learn (1.9.1,
numpy 2.4.6 made those that are committed). Run it in the folder ml:
python testdata/golden.py"""
import json

import numpy as np
from sklearn import datasets, impute, linear_model, metrics, preprocessing


def dump(path, value):
    def plain(o):
        if isinstance(o, np.ndarray):
            return o.tolist()
        if isinstance(o, np.generic):
            return o.item()
        raise TypeError(type(o))

    with open(path, "w") as f:
        json.dump(value, f, default=plain, separators=(",", ":"))
        f.write("\n")


rng = np.random.default_rng(42)

# --- linear ----------------------------------------------------------------
diabetes = datasets.load_diabetes(scaled=False)
weights = np.round(rng.uniform(0.5, 3, len(diabetes.target)), 2)
level = rng.integers(0, 4, 120)
group = rng.integers(0, 3, 120)
onehot = np.hstack([np.eye(4)[level], np.eye(3)[group], np.round(rng.normal(size=(120, 2)), 3)])
target = np.round(onehot @ np.array([3, 1, -2, 0.5, 1, 0, -1, 2, -0.7]) + rng.normal(size=120), 3)
regression = []


def fit(name, model, x, y, w=None, **spec):
    model.fit(x, y, sample_weight=w)
    regression.append({"name": name, "data": spec.pop("data"), "weighted": w is not None, "spec": spec,
                       "coef": model.coef_, "intercept": float(model.intercept_)})


for alpha in (0.01, 1.0, 100.0):
    fit(f"ridge {alpha}", linear_model.Ridge(alpha=alpha, solver="svd"), diabetes.data, diabetes.target, data="diabetes", l2=alpha)
fit("ridge weighted", linear_model.Ridge(alpha=2.0), diabetes.data, diabetes.target, weights, data="diabetes", l2=2.0)
fit("ridge origin", linear_model.Ridge(alpha=2.0, fit_intercept=False), diabetes.data, diabetes.target, data="diabetes", l2=2.0, no_intercept=True)
fit("ridge one-hot", linear_model.Ridge(alpha=0.5, solver="svd"), onehot, target, data="onehot", l2=0.5)
fit("linear", linear_model.LinearRegression(), diabetes.data, diabetes.target, data="diabetes")
fit("linear weighted", linear_model.LinearRegression(), diabetes.data, diabetes.target, weights, data="diabetes")
fit("linear origin", linear_model.LinearRegression(fit_intercept=False), diabetes.data, diabetes.target, data="diabetes", no_intercept=True)
fit("linear one-hot", linear_model.LinearRegression(), onehot, target, data="onehot")

iris, cancer = datasets.load_iris(), datasets.load_breast_cancer()
iris_w = np.round(rng.uniform(0.5, 3, 150), 2)
classification = []
for name, data, l2, w in (("iris", iris, 1.0, None), ("iris", iris, 0.01, None), ("iris", iris, 1.0, iris_w), ("cancer", cancer, 1.0, None), ("cancer", cancer, 10.0, None)):
    x = data.data
    m = linear_model.LogisticRegression(C=1 / l2, solver="newton-cholesky", tol=1e-13, max_iter=10000)
    m.fit(x, data.target, sample_weight=w)
    classification.append({"name": f"{name} l2={l2}{' weighted' if w is not None else ''}", "data": name, "l2": l2, "weighted": w is not None,
                           "coef": m.coef_.ravel(), "intercept": m.intercept_ - (m.intercept_.mean() if len(m.intercept_) > 1 else 0),
                           "proba": m.predict_proba(x)[:5].ravel()})
dump("linear/testdata/golden.json", {
    "data": {"diabetes": {"x": diabetes.data, "y": diabetes.target, "w": weights},
             "onehot": {"x": onehot, "y": target},
             "iris": {"x": iris.data, "y": iris.target, "w": iris_w},
             "cancer": {"x": cancer.data, "y": cancer.target}},
    "regression": regression, "classification": classification})

# --- metric ----------------------------------------------------------------
y = np.round(rng.normal(50, 20, 200), 1)
pred = np.round(y + rng.normal(0, 8, 200), 2)
reg = {"y": y, "pred": pred, "want": {
    "rmse": metrics.root_mean_squared_error(y, pred), "mae": metrics.mean_absolute_error(y, pred),
    "r2": metrics.r2_score(y, pred), "mape": metrics.mean_absolute_percentage_error(y, pred)}}
cases = []
for k, digits, n, positive in ((2, 1, 300, 1), (2, 6, 300, 1), (2, 1, 300, 0), (3, 1, 200, 1), (5, 3, 400, 1)):
    t = rng.integers(0, k, n)
    z = rng.normal(size=(n, k)) + 1.2 * np.eye(k)[t]
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    p = np.round(p, digits)  # ties
    p[:, -1] = 1 - p[:, :-1].sum(1)
    p = np.clip(p, 0, None)
    p /= p.sum(1, keepdims=True)
    hard = p.argmax(1)
    if k == 2:
        prec, rec, f1, _ = metrics.precision_recall_fscore_support(t, hard, pos_label=positive, average="binary", zero_division=0)
        b, s = (t == positive).astype(int), p[:, positive]
        roc, pr = metrics.roc_auc_score(b, s), metrics.average_precision_score(b, s)
        brier = metrics.brier_score_loss(b, s)
    else:
        prec, rec, f1, _ = metrics.precision_recall_fscore_support(t, hard, average="macro", zero_division=0)
        roc = metrics.roc_auc_score(t, p, multi_class="ovr", average="macro")
        pr = metrics.average_precision_score(np.eye(k)[t], p, average="macro")
        brier = metrics.brier_score_loss(t, p, labels=range(k))
    cases.append({"k": k, "positive": positive, "y": t, "proba": p.ravel(), "confusion": metrics.confusion_matrix(t, hard, labels=range(k)),
                  "want": {"accuracy": metrics.accuracy_score(t, hard), "precision": prec, "recall": rec, "f1": f1, "roc_auc": roc,
                           "pr_auc": pr, "log_loss": metrics.log_loss(t, p, labels=range(k)), "brier": brier}})
dump("metric/testdata/golden.json", {"regression": reg, "classification": cases})

# --- prep ------------------------------------------------------------------
num = np.round(rng.lognormal(3, 1, 61), 2)
num[rng.choice(61, 9, replace=False)] = np.nan
whole = rng.integers(0, 6, 61).astype(float)
whole[rng.choice(61, 5, replace=False)] = np.nan
text = rng.choice(["delta", "alpha", "Charlie", "bravo", "échelon"], 61).astype(object)
text[rng.choice(61, 6, replace=False)] = None
col = lambda a: np.asarray(a, dtype=object if a.dtype == object else float).reshape(-1, 1)
out = {}
for strategy in ("median", "mean", "most_frequent"):
    for name, a in (("num", num), ("whole", whole)):
        out[f"{strategy} {name}"] = impute.SimpleImputer(strategy=strategy).fit_transform(col(a)).ravel()
filled = impute.SimpleImputer(strategy="most_frequent", missing_values=None).fit_transform(col(text))
out["most_frequent text"] = [str(v) for v in filled.ravel()]
median = impute.SimpleImputer(strategy="median").fit_transform(col(num))
out["median+standard num"] = preprocessing.StandardScaler().fit_transform(median).ravel()
out["standard num"] = preprocessing.StandardScaler().fit_transform(col(num)).ravel()
out["log1p num"] = np.log1p(median).ravel()
enc = preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(filled)
out["one_hot text"] = enc.transform(filled).ravel()
out["one_hot categories"] = [str(c) for c in enc.categories_[0]]
out["one_hot unknown"] = enc.transform(np.array([["zulu"], ["alpha"]], dtype=object)).ravel()
order = preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1).fit(filled)
out["ordinal text"] = order.transform(filled).ravel()
out["ordinal unknown"] = order.transform(np.array([["zulu"], ["bravo"]], dtype=object)).ravel()
constant = np.full(10, 0.1)
out["standard constant"] = preprocessing.StandardScaler().fit_transform(col(constant)).ravel()
nulls = lambda a: [None if (v is None or v != v) else v for v in a]
out = {k: (nulls(v) if not isinstance(v, list) else v) for k, v in out.items()}
dump("prep/testdata/golden.json", {"num": nulls(num), "whole": nulls(whole), "text": nulls(text), "want": out})
