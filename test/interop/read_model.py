"""Reads a gristmill model package with numpy alone and predicts its input
example: python read_model.py DIRECTORY. docs/model-format.md explains it."""
import hashlib
import json
import pathlib
import sys

import numpy as np


def text(v):  # the spelling of a category
    if isinstance(v, bool):
        return str(v).lower()
    if isinstance(v, (int, float)):
        return str(int(v)) if float(v).is_integer() and abs(v) < 2**53 else repr(float(v))
    return v


def column(values, steps):  # one column through its chain: a matrix of one or more features
    for step in steps:
        [(kind, s)] = step.items()
        if kind == "impute":
            values = [s.get("text", s.get("number")) if v is None else v for v in values]
        elif kind == "scale":
            values = [None if v is None else (v - s["mean"]) / s["scale"] for v in values]
        elif kind == "log1p":
            values = [None if v is None else float(np.log1p(v)) for v in values]
        elif kind == "ordinal":
            at = {c: i for i, c in enumerate(s["categories"])}
            values = [at.get(text(v), s["value"]) for v in values]
        elif kind == "one_hot":
            return np.array([[float(v is not None and text(v) == c) for c in s["categories"]] for v in values])
    return np.array(values, dtype=float).reshape(-1, 1)


def load(path):
    def read(ref):
        data = (path / ref["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == ref["sha256"], f"{ref['file']} is corrupted"
        return data

    model = json.loads((path / "model.json").read_text())
    prep = json.loads(read(model["prep"]))
    blobs = {b["name"]: np.frombuffer(read(b), b["dtype"]).reshape(b["shape"]) for b in model["model"]["blobs"]}
    return model, prep, blobs


def predict(model, prep, blobs, columns, rows):
    table = {name: [row[i] for row in rows] for i, name in enumerate(columns)}
    x = np.hstack([column(table[c["column"]], c["steps"]) for c in prep["chains"]])
    z = x @ blobs["coef"].T + blobs["intercept"]
    if not model["signature"].get("classes"):
        return z[:, 0]
    if z.shape[1] == 1:
        z = np.hstack([np.zeros_like(z), z])
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


if __name__ == "__main__":
    path = pathlib.Path(sys.argv[1])
    example = json.loads((path / "input_example.json").read_text())["dataframe_split"]
    print(json.dumps(predict(*load(path), example["columns"], example["data"]).tolist()))
