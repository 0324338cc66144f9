"""Measures a served model's permutation importance with scikit-learn: python
importance.py REQUEST.json, {"url", "csv": features, "y", "positive", "repeats"}.
The answer is {column: [mean, standard deviation]} of the drop of ROC AUC, or of
the growth of RMSE when positive is ""."""
import io
import json
import sys
import urllib.request

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.inspection import permutation_importance
from sklearn.metrics import roc_auc_score, root_mean_squared_error

ask = json.load(open(sys.argv[1]))
x = pd.read_csv(io.StringIO(ask["csv"]), dtype=str, keep_default_na=False)  # as it is, so that it goes back as it is
y = np.array(ask["y"])


class Served(BaseEstimator):
    def fit(self, x, y):
        return self

    def predict(self, x):
        body = urllib.request.Request(ask["url"], x.to_csv(index=False).encode(), {"Content-Type": "text/csv"})
        answer = json.load(urllib.request.urlopen(body))
        if not ask["positive"]:
            return np.array(answer["predictions"], dtype=float)
        return np.array([p[ask["positive"]] for p in answer["probabilities"]])


def score(model, x, y):
    if ask["positive"]:
        return roc_auc_score(y == ask["positive"], model.predict(x))
    return -root_mean_squared_error(y.astype(float), model.predict(x))


found = permutation_importance(Served(), x, y, scoring=score, n_repeats=ask["repeats"], random_state=0)
print(json.dumps({c: [found.importances_mean[i], found.importances_std[i]] for i, c in enumerate(x.columns)}))
