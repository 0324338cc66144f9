"""Golden numbers for ml/stat, by scipy 1.17.1: python golden.py > golden.json

The samples come from the linear congruential generator that the Go test has
too, so that only sizes and parameters need to be stored.
"""
import json
import numpy as np
from scipy import stats
from scipy.spatial.distance import jensenshannon


def uniforms(seed):
    s = seed
    while True:
        s = (1664525 * s + 1013904223) % 2**32
        yield s / 2**32


def normals(seed, n, mean, std):
    u = uniforms(seed)
    return np.array([mean + std * (sum(next(u) for _ in range(12)) - 6) for _ in range(n)])


out = {"normal": [], "chi2": [], "kolmogorov": [], "ks": [], "tables": []}
for z in [-8, -2, -0.1, 0, 0.5, 1.645, 3, 6, 12, 30]:
    out["normal"].append([z, stats.norm.sf(z)])
for df in [1, 2, 3, 7, 10, 49, 250, 5000]:
    for q in [0.001, 0.1, 0.5, 0.9, 1, 1.1, 1.5, 3, 8]:
        out["chi2"].append([q * df, df, stats.chi2.sf(q * df, df)])
for x in [0.01, 0.05, 0.2, 0.5, 0.8, 0.99, 1, 1.01, 1.36, 2, 3, 5]:
    out["kolmogorov"].append([x, stats.kstwobign.sf(x)])
for a, b in [((1, 500, 0, 1), (2, 400, 0.25, 1.1)), ((3, 12000, 0, 1), (4, 11000, 0.02, 1)), ((5, 60, 0, 1), (6, 60, 0.4, 1)), ((7, 3, 0, 1), (8, 1, 5, 1))]:
    for digits in [12, 1]:  # 1: with many ties
        x, y = np.round(normals(*a), digits), np.round(normals(*b), digits)
        d = stats.ks_2samp(x, y, method="asymp").statistic
        p = stats.kstwobign.sf(d * np.sqrt(len(x) * len(y) / (len(x) + len(y))))
        out["ks"].append({"a": a, "b": b, "digits": digits, "d": d, "p": p})
for a, b in [([147, 98, 39, 16], [106, 68, 45, 31]), ([60, 40, 0], [50, 0, 50]), ([5, 0, 7], [1, 0, 2]), ([1000, 1], [1, 1000]), ([10, 20], [10, 20]), ([100000, 50000, 25], [40000, 21000, 12])]:
    x, y = np.array(a, float), np.array(b, float)
    used = (x + y) > 0
    r = stats.chi2_contingency([x[used], y[used]], correction=False)
    p, q = x[used] / x.sum(), y[used] / y.sum()
    js = jensenshannon(p, q, base=2)
    p, q = np.where(p == 0, 1e-4, p), np.where(q == 0, 1e-4, q)
    out["tables"].append({"a": a, "b": b, "statistic": r.statistic, "df": r.dof, "p": r.pvalue, "js": js, "psi": float(((p - q) * np.log(p / q)).sum())})
print(json.dumps(out, indent=1))
