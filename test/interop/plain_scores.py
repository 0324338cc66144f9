"""Prints what a plain pipeline of scikit-learn reaches: numbers with the median
for nulls and scaled, texts one-hot, ridge or logistic regression as they come. The
argument is a JSON file [{"file", "target", "drop", "nulls", "train", "test",
"task", "positive"}]; the answer [{"rmse": ...} or {"roc_auc": ..., "accuracy":
...}]."""
import json
import sys
import warnings

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, roc_auc_score, root_mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

warnings.filterwarnings("ignore")
answers = []
for ask in json.load(open(sys.argv[1])):
    table = pd.read_csv(ask["file"], keep_default_na=False, na_values=[""] + ask["nulls"])
    table = table.drop(columns=ask["drop"])
    y = table.pop(ask["target"])
    flags = table.select_dtypes(include="bool").columns
    table[flags] = table[flags].astype(float)
    features = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), make_column_selector(dtype_include=np.number)),
        (OneHotEncoder(handle_unknown="ignore", max_categories=100), make_column_selector(dtype_exclude=np.number)))
    x, test = table.iloc[ask["train"]], table.iloc[ask["test"]]
    if ask["task"] == "regression":
        model = make_pipeline(features, Ridge()).fit(x, y.iloc[ask["train"]])
        answers.append({"rmse": root_mean_squared_error(y.iloc[ask["test"]], model.predict(test))})
        continue
    y = y.astype(str)
    model = make_pipeline(features, LogisticRegression(max_iter=5000)).fit(x, y.iloc[ask["train"]])
    truth = y.iloc[ask["test"]]
    answer = {"accuracy": accuracy_score(truth, model.predict(test))}
    if len(model.classes_) == 2:
        k = list(model.classes_).index(ask["positive"] or sorted(model.classes_)[-1])
        answer["roc_auc"] = roc_auc_score(truth == model.classes_[k], model.predict_proba(test)[:, k])
    answers.append(answer)
print(json.dumps(answers))
