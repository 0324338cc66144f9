"""Writes scikit-learn's bundled tables as CSV into a directory: python
public_sets.py DIRECTORY. The target is the column target, of the classifications
by name."""
import pathlib
import sys

from sklearn import datasets

to = pathlib.Path(sys.argv[1])
for name in ("iris", "wine", "breast_cancer", "diabetes"):
    found = getattr(datasets, "load_" + name)(as_frame=True)
    table = found.frame
    if name != "diabetes":
        table["target"] = [found.target_names[i] for i in table["target"]]
    table.to_csv(to / (name + ".csv"), index=False)
