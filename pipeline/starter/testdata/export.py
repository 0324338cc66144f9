"""Writes scikit-learn's small public data sets as gzipped CSV with a header.

    python export.py    (scikit-learn 1.9.1)

iris, wine: R. A. Fisher 1936; Forina et al. 1991. breast_cancer: Wolberg et al.
1995, UCI, CC BY 4.0. diabetes: Efron et al. 2004, raw values.
"""
import csv, gzip, io
from sklearn import datasets

for name in ["iris", "wine", "breast_cancer", "diabetes"]:
    d = getattr(datasets, "load_" + name)(**({"scaled": False} if name == "diabetes" else {}))
    text = io.StringIO()
    w = csv.writer(text, lineterminator="\n")
    w.writerow([str(c).replace(" (cm)", "").replace(" ", "_") for c in d.feature_names] + ["target"])
    for x, y in zip(d.data, d.target):
        w.writerow([repr(float(v)) for v in x] + [str(int(y))])
    with gzip.GzipFile(f"{name}.csv.gz", "wb", mtime=0) as f:
        f.write(text.getvalue().encode())
