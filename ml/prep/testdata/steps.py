"""Writes testdata/steps.json: what scikit-learn (1.9.1; numpy 2.4.6, pandas
3.1.1, mpmath 1.4.1 made the file that is committed) makes of columns with
nulls, ties, constants and long tails. Run it in the folder ml/prep:
python testdata/steps.py"""
import datetime
import json
import warnings

import mpmath
import numpy as np
import pandas as pd
from scipy import stats
from sklearn import cluster, impute, preprocessing
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.metrics.pairwise import rbf_kernel

warnings.filterwarnings("ignore")
rng = np.random.default_rng(7)
n = 97


def col(a):
    return np.asarray(a, dtype=float).reshape(-1, 1)


numbers = {
    "skewed": np.round(rng.lognormal(3, 1.2, n), 3),
    "signed": np.round(rng.normal(-1, 4, n) ** 3, 4),
    "negative": -np.round(rng.gamma(1.5, 20, n), 3) - 0.001,
    "ties": rng.integers(0, 4, n).astype(float),
    "tiny": np.round(rng.normal(5e-6, 2e-6, n), 10),
    "large": np.round(rng.normal(1e12, 1e9, n)),
    "outlier": np.append(np.round(rng.normal(0, 1, n - 1), 4), 1e6),
}
for name in ("skewed", "signed", "ties"):  # nulls
    numbers[name + "_null"] = numbers[name].copy()
    numbers[name + "_null"][rng.choice(n, 11, replace=False)] = np.nan
numbers["constant"] = np.full(n, 0.1)
numbers["zero"] = np.zeros(n)
other = np.round(rng.normal(10, 40, 23), 3)  # rows that no fit has seen
cases = []


def plain(a):
    return [None if v != v else float(v) for v in np.asarray(a, dtype=float).ravel()]


def case(rule, columns, want, names=None, other=None):
    cases.append({"rule": rule, "columns": columns, "want": plain(want), "names": names, "other": other})


def slope_of_likelihood(x):
    """The slope of the Yeo-Johnson likelihood over lambda, with 40 digits."""
    mpmath.mp.dps = 40
    x = [mpmath.mpf(float(v)) for v in x]
    w = mpmath.fsum(mpmath.sign(v) * mpmath.log(1 + abs(v)) for v in x)

    def yj(v, l):
        if v >= 0:
            return mpmath.log(1 + v) if l == 0 else ((1 + v) ** l - 1) / l
        return -mpmath.log(1 - v) if l == 2 else -((1 - v) ** (2 - l) - 1) / (2 - l)

    def minus(l):
        t = [yj(v, l) for v in x]
        m = mpmath.fsum(t) / len(t)
        s = mpmath.fsum((a - m) ** 2 for a in t) / len(t)
        return mpmath.log(s) * len(t) / 2 - (l - 1) * w

    def slope(l):
        h = mpmath.mpf(10) ** -15
        return (minus(l + h) - minus(l - h)) / (2 * h)

    return slope


lambdas = {}
for name, a in numbers.items():
    x = col(a)
    for method, t in (("minmax", preprocessing.MinMaxScaler()), ("robust", preprocessing.RobustScaler()), ("standard", preprocessing.StandardScaler())):
        t.fit(x)
        case({"scale": method}, [name], t.transform(x))
        case({"scale": method}, [name], t.transform(col(other)), other=plain(other))
    power = preprocessing.PowerTransformer(method="yeo-johnson", standardize=False).fit(x)
    theirs, exact = float(power.lambdas_[0]), float(power.lambdas_[0])
    seen = a[~np.isnan(a)]
    if seen.std() > 0 and name not in ("constant", "zero", "large", "tiny"):
        slope = slope_of_likelihood(seen)
        exact = float(mpmath.findroot(slope, (theirs - 1e-3, theirs + 1e-3), solver="anderson", tol=1e-22, verify=False))
    lambdas[name] = {"sklearn": theirs, "exact": exact}
    for standardize in (True, False):
        t = preprocessing.PowerTransformer(method="yeo-johnson", standardize=standardize).fit(x)
        t.lambdas_[:] = exact  # scikit-learn's own search ends about 1e-8 from the maximum
        if standardize:
            t._scaler = preprocessing.StandardScaler(copy=False).fit(stats.yeojohnson(x, exact))
        if name not in ("large", "tiny"):
            case({"power": {"method": "yeo_johnson", "standardize": standardize}}, [name], t.transform(x.copy()))
    if not np.isnan(a).any():
        for strategy in ("quantile", "uniform"):
            for count in (2, 5, 10):
                for encode in ("ordinal", "onehot-dense"):
                    t = preprocessing.KBinsDiscretizer(n_bins=count, strategy=strategy, encode=encode, subsample=None).fit(x)
                    case({"bins": {"count": count, "strategy": strategy, "encode": encode.replace("onehot-dense", "one_hot")}}, [name], t.transform(x))
                    case({"bins": {"count": count, "strategy": strategy, "encode": encode.replace("onehot-dense", "one_hot")}}, [name], t.transform(col(other)), other=plain(other))
    case("missing", [name], impute.MissingIndicator(features="all").fit_transform(x))
    for strategy in ("median", "mean", "most_frequent"):
        case({"impute": {"strategy": strategy, "indicator": True}}, [name], impute.SimpleImputer(strategy=strategy, add_indicator=True).fit_transform(x))

both = np.column_stack([numbers["skewed"], numbers["signed"], numbers["ties"]])
for degree in (2, 3, 4):
    for only in (False, True):
        t = preprocessing.PolynomialFeatures(degree, interaction_only=only, include_bias=False).fit(both)
        names = [s.replace(" ", "*") for s in t.get_feature_names_out(["skewed", "signed", "ties"])]
        case({"polynomial": {"degree": degree, "interactions_only": only}}, ["skewed", "signed", "ties"], t.transform(both), names=names)
case({"ratio": "a_per_b"}, ["skewed", "outlier"], numbers["skewed"] / numbers["outlier"], names=["a_per_b"])
case("ratio", ["signed_null", "outlier"], numbers["signed_null"] / numbers["outlier"], names=["signed_null_per_outlier"])
for period in (24, 7.5):
    case({"cyclic": {"period": period}}, ["ties_null"], np.column_stack([np.sin(2 * np.pi * numbers["ties_null"] / period), np.cos(2 * np.pi * numbers["ties_null"] / period)]))

# --- categories --------------------------------------------------------------
levels = rng.choice(list("abcdefgh"), n, p=[0.3, 0.25, 0.15, 0.1, 0.08, 0.06, 0.04, 0.02])
fresh = ["a", "h", "unheard", "c", "b", "g"]
text = np.array(levels, dtype=object).reshape(-1, 1)
other_text = np.array(fresh, dtype=object).reshape(-1, 1)
for ours, theirs in (({}, {}), ({"min_count": 5}, {"min_frequency": 5}), ({"min_count": 1}, {"min_frequency": 1}), ({"min_share": 0.1}, {"min_frequency": 0.1}), ({"min_count": 1000}, {"min_frequency": 1000}),
                     ({"max_categories": 4}, {"max_categories": 4}), ({"max_categories": 1}, {"max_categories": 1}), ({"max_categories": 8}, {"max_categories": 8}), ({"max_categories": 9}, {"max_categories": 9}),
                     ({"min_count": 4, "max_categories": 5}, {"min_frequency": 4, "max_categories": 5}), ({"min_share": 0.04, "max_categories": 3}, {"min_frequency": 0.04, "max_categories": 3})):
    for unknown, handle in (("ignore", "ignore"), ("rare", "infrequent_if_exist")):
        if unknown == "rare" and not ours:
            continue
        t = preprocessing.OneHotEncoder(handle_unknown=handle, sparse_output=False, **theirs).fit(text)
        names = [s.replace("level_infrequent_sklearn", "level=(rare)").replace("level_", "level=") for s in t.get_feature_names_out(["level"])]
        rule = {"one_hot": {"unknown": unknown, **ours}}
        case(rule, ["level"], t.transform(text), names=names)
        case(rule, ["level"], t.transform(other_text), names=names, other=fresh)
shares = pd.Series(levels).value_counts(normalize=True)
case("frequency", ["level"], [shares[v] for v in levels])
case("frequency", ["level"], [shares.get(v, 0) for v in fresh], other=fresh)

# --- dates -------------------------------------------------------------------
parts = ["year", "quarter", "month", "day", "weekday", "day_of_year", "week", "hour", "minute", "is_weekend", "epoch_days"]
fixed = ["1969-12-31T23:59:59.999999", "2000-02-29T00:00:00", "2020-12-31T12:30:00", "2021-01-01T00:00:00", "2021-01-03T23:59:00", "2024-12-30T06:00:00", "1900-01-01T00:00:00", "2100-03-01T01:02:03"]
moments = [datetime.datetime.fromisoformat(s) for s in fixed]
moments += [datetime.datetime(1950, 1, 1) + datetime.timedelta(microseconds=int(v)) for v in rng.integers(0, 100 * 365 * 86400 * 10**6, 92)]
series = pd.Series(pd.to_datetime(moments).astype("datetime64[us]"))
iso = series.dt.isocalendar()
epoch = pd.Timestamp(1970, 1, 1)
date = {"year": series.dt.year, "quarter": series.dt.quarter, "month": series.dt.month, "day": series.dt.day, "weekday": series.dt.dayofweek,
        "day_of_year": series.dt.dayofyear, "week": iso.week, "hour": series.dt.hour, "minute": series.dt.minute,
        "is_weekend": series.dt.dayofweek >= 5, "epoch_days": (series - epoch) / pd.Timedelta(days=1)}
micros = [int((m - datetime.datetime(1970, 1, 1)) // datetime.timedelta(microseconds=1)) for m in moments]
case({"date_parts": parts}, ["moment"], np.column_stack([np.asarray(date[p], dtype=float) for p in parts]), names=["moment_" + p for p in parts])
periods = {"quarter": 4, "month": 12, "day": 31, "weekday": 7, "day_of_year": 366, "week": 53, "hour": 24, "minute": 60}
rings = [f(2 * np.pi * np.asarray(date[p], dtype=float) / k) for p, k in periods.items() for f in (np.sin, np.cos)]
case({"cyclic": list(periods)}, ["moment"], np.column_stack(rings), names=[f"moment_{p}_{f}" for p in periods for f in ("sin", "cos")])

# --- texts -------------------------------------------------------------------
texts = ["The mill grinds, slowly; the mill grinds fine.", "", "   ", "a I x", "Grüße aus Köln! STRASSE straße", "don't can't won't", "snake_case __init__ 42 3.14 x2",
         "日本語のテキスト and English", "naïve café e\u0301te\u0301", "tab\tnew\nline\u00a0space", "Привет, мир! МИР", "½ ² Ⅷ ①", "emoji 🙂 word🙂word", "a" * 500, " ".join(f"word{i}" for i in range(200)), "ÀÉÎ õü ŁÓDŹ",
         "x-y-z well-known state-of-the-art", "mail@example.org http://example.org/path?x=1"]
for ours, theirs in (({"features": 64}, {}), ({"features": 7}, {}), ({"features": 32, "ngrams": 2}, {"ngram_range": (1, 2)}), ({"features": 16, "ngrams": 3, "norm": "none"}, {"ngram_range": (1, 3), "norm": None}),
                     ({"features": 50, "shortest": 1}, {"token_pattern": r"(?u)\b\w+\b"}), ({"features": 1, "norm": "none"}, {"norm": None}), ({"features": 33, "shortest": 4}, {"token_pattern": r"(?u)\b\w{4,}\b"})):
    t = HashingVectorizer(**{"n_features": ours["features"], **theirs})
    case({"hash_tokens": ours}, ["text"], t.transform(texts).toarray())
case("text_length", ["text"], [[len(t), len(t.split())] for t in texts], names=["text_characters", "text_words"])

# --- similarity: k-means from given centres ----------------------------------
points = np.vstack([rng.normal(c, 0.6, (60, 2)) for c in ((0, 0), (4, 1), (-3, 5), (2, -4))])
points = np.round(points, 4)
start = points[[3, 70, 130, 200, 10]]
km = cluster.KMeans(5, init=start, n_init=1, algorithm="lloyd", tol=1e-10).fit(points)
best = min(cluster.KMeans(4, n_init=20, random_state=s).fit(points).inertia_ for s in range(3))
similarity = {"points": points, "start": start, "centers": km.cluster_centers_, "inertia": km.inertia_, "gamma": 0.35, "want": rbf_kernel(points, km.cluster_centers_, gamma=0.35), "best4": best}


def default(o):
    return o.tolist() if isinstance(o, np.ndarray) else o.item()


with open("testdata/steps.json", "w") as f:
    json.dump({"numbers": {k: plain(v) for k, v in numbers.items()}, "levels": list(map(str, levels)), "moments": micros, "texts": texts,
               "lambdas": lambdas, "cases": cases, "similarity": similarity}, f, default=default, separators=(",", ":"))
    f.write("\n")
with open("../cluster/testdata/kmeans.json", "w") as f:
    json.dump(similarity, f, default=default, separators=(",", ":"))
    f.write("\n")
