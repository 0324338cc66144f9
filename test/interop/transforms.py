"""Every transform beside scikit-learn's on a wide mixed table. python transforms.py
REQUEST.json: {"dir", "seed"} writes train.csv and other.csv there and answers
{"columns"}; with {"centers", "gamma"} (of our k-means on cluster_0 and cluster_1)
it answers {"rules": spec, "want": {rule: rows of other.csv, transformed by what was
fitted on train.csv}, "inertia": [ours, KMeans's best of 20], "lambda_apart"}."""
import json
import pathlib
import sys

import numpy as np
import pandas as pd
from scipy import optimize, stats
from sklearn import cluster, impute, preprocessing
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.metrics.pairwise import rbf_kernel

ask = json.load(open(sys.argv[1]))
to = pathlib.Path(ask["dir"])
PARTS = ["year", "quarter", "month", "day", "weekday", "day_of_year", "week", "hour", "minute", "is_weekend", "epoch_days"]
PERIODS = {"quarter": 4, "month": 12, "day": 31, "weekday": 7, "day_of_year": 366, "week": 53, "hour": 24, "minute": 60}


def make(seed, rows):
    rng = np.random.default_rng(seed)
    shapes = [lambda: rng.normal(rng.normal(0, 50), rng.gamma(2, 20), rows), lambda: rng.lognormal(rng.normal(2, 2), 1, rows), lambda: rng.standard_t(3, rows) * 7,
              lambda: rng.uniform(-1, 1, rows) ** 3, lambda: rng.gamma(1.5, 30, rows) - 5, lambda: rng.poisson(4, rows) + 0.5]
    out = {}
    for i in range(80):
        out[f"num_{i}"] = shapes[i % len(shapes)]()
    for i in range(40):
        v = shapes[i % len(shapes)]()
        v[rng.random(rows) < 0.12] = np.nan
        out[f"hole_{i}"] = v
    for i in range(20):
        out[f"amount_{i}"] = rng.lognormal(3, 1.5, rows)
    for i in range(40):
        k = int(rng.integers(3, 25))
        v = np.array([f"v{i}_{j}" for j in range(k)], dtype=object)[np.minimum(rng.geometric(0.25, rows) - 1, k - 1)]
        out[f"cat_{i}"] = v
    for i in range(20):
        v = rng.integers(-500_000_000, 1_900_000_000, rows)
        out[f"date_{i}"] = [pd.Timestamp(int(s), unit="s").isoformat() for s in v]
    words = ["mill", "grain", "Müller", "stone", "flour", "wind", "Wasser", "42", "x2", "straße"]
    for i in range(8):
        out[f"text_{i}"] = [" ".join(rng.choice(words, int(rng.integers(1, 12)))) + rng.choice(["", ".", " - ok"]) for _ in range(rows)]
    centre = rng.integers(0, 4, rows)
    out["cluster_0"] = np.array([0, 5, -4, 3])[centre] + rng.normal(0, 0.5, rows)
    out["cluster_1"] = np.array([0, 2, 4, -6])[centre] + rng.normal(0, 0.5, rows)
    return pd.DataFrame(out)


if ask.get("centers") is None:
    table = make(ask["seed"], 420)
    table.iloc[:300].to_csv(to / "train.csv", index=False)
    table.iloc[300:].to_csv(to / "other.csv", index=False)
    print(json.dumps({"columns": table.shape[1]}))
    sys.exit()

train, other = pd.read_csv(to / "train.csv"), pd.read_csv(to / "other.csv")
rules, want = [], {}


def names(prefix):
    return [c for c in train.columns if c.startswith(prefix)]


def rule(columns, steps, each=None, block=None):
    """each(train column, other column) gives the features of a column, block(train, other) of all."""
    key = f"r{len(rules)}_"
    rules.append({"columns": {"names": columns}, "also": True, "prefix": key, "apply": steps})
    if each:
        made = np.hstack([np.asarray(each(train[[c]], other[[c]]), dtype=float).reshape(len(other), -1) for c in columns])
    else:
        made = np.asarray(block(train[columns], other[columns]), dtype=float)
    want[key] = [[None if v != v else float(v) for v in row] for row in made]


def fitted(t):
    return lambda a, b: t().fit(a.to_numpy()).transform(b.to_numpy())


def likeliest(x):
    """The lambda at which the slope of the Yeo-Johnson likelihood is 0."""
    up, down = x[x >= 0], x[x < 0]
    jacobian = np.sum(np.sign(x) * np.log1p(np.abs(x)))

    def parts(b, log):  # ((e^(b log)) - 1) / b and its derivative by b
        e = np.expm1(b * log)
        return e / b, (log * (e + 1) * b - e) / b**2

    def slope(l):
        u, du = parts(l, np.log1p(up))
        d, dd = parts(2 - l, np.log1p(-down))
        y, dy = np.concatenate([u, -d]), np.concatenate([du, dd])
        return jacobian - len(x) * np.sum((y - y.mean()) * (dy - dy.mean())) / np.sum((y - y.mean()) ** 2)

    start = stats.yeojohnson_normmax(x)
    return optimize.brentq(slope, start - 1e-3, start + 1e-3, xtol=1e-15, rtol=1e-15), start


lambda_apart = 0.0


def power(standardize):
    def each(a, b):
        global lambda_apart
        x = a.to_numpy().ravel()
        x = x[~np.isnan(x)]
        exact, theirs = likeliest(x)
        lambda_apart = max(lambda_apart, abs(exact - theirs))
        made, base = stats.yeojohnson(b.to_numpy().ravel(), exact), stats.yeojohnson(x, exact)
        return (made - base.mean()) / base.std() if standardize else made

    return each


numbers, holes, amounts, cats, dates, texts = (names(p) for p in ("num_", "hole_", "amount_", "cat_", "date_", "text_"))
rule(numbers, [{"scale": "standard"}], block=fitted(preprocessing.StandardScaler))
rule(numbers, [{"scale": "minmax"}], block=fitted(preprocessing.MinMaxScaler))
rule(numbers, [{"scale": "robust"}], block=fitted(preprocessing.RobustScaler))
rule(holes, [{"scale": "robust"}, {"impute": {"strategy": "constant", "value": 0}}], block=lambda a, b: np.nan_to_num(fitted(preprocessing.RobustScaler)(a, b)))
for strategy in ("mean", "median"):
    rule(holes, [{"impute": strategy}], block=fitted(lambda: impute.SimpleImputer(strategy=strategy)))
    rule(holes, [{"impute": {"strategy": strategy, "indicator": True}}], each=fitted(lambda: impute.SimpleImputer(strategy=strategy, add_indicator=True)))
rule(holes, ["missing"], block=lambda a, b: b.isna())
rule(amounts, ["log1p", {"scale": "standard"}], block=lambda a, b: preprocessing.StandardScaler().fit(np.log1p(a)).transform(np.log1p(b)))
rule(numbers, ["power"], each=power(True))
rule(numbers[:24], [{"power": {"standardize": False}}], each=power(False))
for count in (4, 10):
    for strategy in ("quantile", "uniform"):
        for ours, theirs in (("ordinal", "ordinal"), ("one_hot", "onehot-dense")):
            rule(numbers[:40], [{"bins": {"count": count, "strategy": strategy, "encode": ours}}],
                 each=fitted(lambda: preprocessing.KBinsDiscretizer(count, strategy=strategy, encode=theirs, subsample=None)))
for degree, only in ((2, False), (3, True), (3, False)):
    rule(numbers[3:7], [{"polynomial": {"degree": degree, "interactions_only": only}}], block=fitted(lambda: preprocessing.PolynomialFeatures(degree, interaction_only=only, include_bias=False)))
rule(amounts[:2], [{"ratio": {"name": "share"}}], block=lambda a, b: (b.iloc[:, 0] / b.iloc[:, 1]).to_frame())
for ours, theirs in (({"unknown": "ignore"}, {"handle_unknown": "ignore"}), ({"unknown": "rare", "min_count": 12}, {"handle_unknown": "infrequent_if_exist", "min_frequency": 12}),
                     ({"unknown": "rare", "min_share": 0.05}, {"handle_unknown": "infrequent_if_exist", "min_frequency": 0.05}), ({"unknown": "ignore", "max_categories": 4}, {"handle_unknown": "ignore", "max_categories": 4})):
    rule(cats, [{"one_hot": ours}], block=fitted(lambda: preprocessing.OneHotEncoder(sparse_output=False, **theirs)))
rule(cats, [{"ordinal": {"unknown": "value", "value": -1}}], block=fitted(lambda: preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)))
rule(cats, ["frequency"], each=lambda a, b: b.iloc[:, 0].map(a.iloc[:, 0].value_counts(normalize=True)).fillna(0))


def part(b, name):
    s = pd.to_datetime(b.iloc[:, 0])
    return {"week": lambda: s.dt.isocalendar().week, "weekday": lambda: s.dt.dayofweek, "day_of_year": lambda: s.dt.dayofyear, "is_weekend": lambda: s.dt.dayofweek >= 5,
            "epoch_days": lambda: (s - pd.Timestamp(1970, 1, 1)) / pd.Timedelta(days=1)}.get(name, lambda: getattr(s.dt, name))().to_numpy(dtype=float)


rule(dates, [{"date_parts": PARTS}], each=lambda a, b: np.column_stack([part(b, p) for p in PARTS]))
rule(dates, [{"cyclic": list(PERIODS)}], each=lambda a, b: np.column_stack([f(2 * np.pi * part(b, p) / k) for p, k in PERIODS.items() for f in (np.sin, np.cos)]))
rule(dates, [{"date_parts": ["month", "day"]}, {"scale": "minmax"}], each=lambda a, b: np.column_stack(
    [(part(b, p) - part(a, p).min()) / (part(a, p).max() - part(a, p).min()) for p in ("month", "day")]))
for ours, theirs in (({"features": 32}, {}), ({"features": 16, "ngrams": 2, "norm": "none"}, {"ngram_range": (1, 2), "norm": None})):
    rule(texts, [{"hash_tokens": ours}], each=lambda a, b: HashingVectorizer(n_features=ours["features"], **theirs).transform(b.iloc[:, 0]).toarray())
rule(texts, ["text_length"], each=lambda a, b: np.column_stack([b.iloc[:, 0].str.len(), b.iloc[:, 0].str.split().str.len()]))
rule(["cluster_0", "cluster_1"], [ask["similarity"]], block=lambda a, b: rbf_kernel(b.to_numpy(), np.array(ask["centers"]), gamma=ask["gamma"]))
points = train[["cluster_0", "cluster_1"]].to_numpy()
ours = ((points[:, None] - np.array(ask["centers"])[None]) ** 2).sum(axis=2).min(axis=1).sum()
best = cluster.KMeans(len(ask["centers"]), n_init=20, random_state=0).fit(points).inertia_
print(json.dumps({"rules": rules, "want": want, "inertia": [ours, best], "lambda_apart": lambda_apart}))
