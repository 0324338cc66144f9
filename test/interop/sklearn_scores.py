"""Prints what scikit-learn reaches on the committed splits with the features of
the shipped pipelines, as JSON: {"telco": ROC AUC, "ames": [RMSE of each split]}."""
import json
import pathlib

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import roc_auc_score, root_mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

here = pathlib.Path(__file__).parent


def read(name, target):
    # Only the empty cell is a null: "None" is a category of Ames.
    table = pd.read_csv(here / f"../../dataset/sample/{name}.csv.gz", keep_default_na=False, na_values=[""])
    return table.drop(columns=target), table[target]


def parts(x, y, split):
    test = pd.read_csv(here / f"testdata/splits/{split}.csv")["row"].to_numpy()
    train = np.setdiff1d(np.arange(len(x)), test)
    return x.iloc[train], y.iloc[train], x.iloc[test], y.iloc[test]


def features(*first):
    return make_column_transformer(
        *first,
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), lambda x: [c for c in numbers(x) if c not in named(first)]),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), make_column_selector(dtype_exclude=np.number)),
    )


numbers = make_column_selector(dtype_include=np.number)


def named(rules):
    return [c for _, columns in rules for c in columns]


x, y = read("telco_churn", "churn")
x, y, x_test, y_test = parts(x, y, "telco")
model = make_pipeline(features(), LogisticRegression(C=1.0, max_iter=1000, tol=1e-10)).fit(x, y)
telco = roc_auc_score(y_test == "Yes", model.predict_proba(x_test)[:, 1])

table, price = read("ames_housing", "Sale_Price")
ames = []
for i in range(10):
    x, y, x_test, y_test = parts(table, price, f"ames-{i}")
    area = make_pipeline(SimpleImputer(strategy="median"), FunctionTransformer(np.log1p), StandardScaler())
    model = make_pipeline(features((area, ["Lot_Area"])), Ridge(alpha=10.0)).fit(x, y)
    ames.append(root_mean_squared_error(y_test, model.predict(x_test)))
print(json.dumps({"telco": telco, "ames": ames}))
