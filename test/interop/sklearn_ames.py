"""Prints what scikit-learn makes of testdata/ames.yaml: the same transforms, ridge
on log1p of the price. The argument is a JSON file with the rows of each split, and
of each fold of its training rows: [{"train": [...], "test": [...], "folds":
[{"train": [...], "test": [...]}]}]; the answer [{"rmse": ..., "predictions":
[...], "cv": {"rmse": [...], "r2": [...], "mae": [...]}}]."""
import json
import pathlib
import sys
import warnings

import numpy as np
import pandas as pd
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer, OneHotEncoder, StandardScaler

warnings.filterwarnings("ignore")  # of equal quantiles, which are merged, and of unknown categories
here = pathlib.Path(__file__).parent
table = pd.read_csv(here / "../../dataset/sample/ames_housing.csv.gz", keep_default_na=False, na_values=[""])
price = table.pop("Sale_Price")
numbers = table.select_dtypes(include=np.number).columns.tolist()
texts = table.select_dtypes(exclude=np.number).columns.tolist()


def ratio(x):
    x = np.asarray(x, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        out = x[:, [0]] / x[:, [1]]
    return np.where(np.isfinite(out), out, np.nan)


def impute():
    return SimpleImputer(strategy="median")


def model():
    features = make_column_transformer(
        (make_pipeline(FunctionTransformer(ratio), impute(), StandardScaler()), ["Gr_Liv_Area", "TotRms_AbvGrd"]),
        (make_pipeline(impute(), FunctionTransformer(np.log1p), StandardScaler()), ["Lot_Area", "Gr_Liv_Area", "First_Flr_SF"]),
        (make_pipeline(impute(), KBinsDiscretizer(10, encode="onehot-dense", strategy="quantile", subsample=None)),
         ["Gr_Liv_Area", "First_Flr_SF", "Second_Flr_SF", "Total_Bsmt_SF", "Garage_Area", "Lot_Area", "Lot_Frontage", "Mas_Vnr_Area", "Year_Built", "Longitude", "Latitude"]),
        (make_pipeline(impute(), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=10, sparse_output=False), texts),
    )
    return TransformedTargetRegressor(make_pipeline(features, Ridge(alpha=10.0)), func=np.log1p, inverse_func=np.expm1)


answers = []
for split in json.load(open(sys.argv[1])):
    x, y = table.iloc[split["train"]], price.iloc[split["train"]]
    predicted = model().fit(x, y).predict(table.iloc[split["test"]])
    answer = {"rmse": root_mean_squared_error(price.iloc[split["test"]], predicted), "predictions": predicted.tolist(), "cv": {}}
    if split["folds"]:
        cv = [(f["train"], f["test"]) for f in split["folds"]]
        found = cross_validate(model(), table, price, cv=cv, scoring={"rmse": "neg_root_mean_squared_error", "mae": "neg_mean_absolute_error", "r2": "r2"})
        answer["cv"] = {"rmse": (-found["test_rmse"]).tolist(), "mae": (-found["test_mae"]).tolist(), "r2": found["test_r2"].tolist()}
    answers.append(answer)
print(json.dumps(answers))
