"""Writes testdata/splits with scikit-learn, seed 42: the test rows of one
stratified split of Telco churn and of ten random splits of Ames housing; the
other rows are for training. Run it in its folder: python make_splits.py"""
import pathlib

import pandas as pd
from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit

samples = pathlib.Path(__file__).parent / "../../dataset/sample"
splits = pathlib.Path(__file__).parent / "testdata/splits"


def write(name, rows):
    lines = [f"{row},test\n" for row in sorted(rows.tolist())]
    (splits / f"{name}.csv").write_text("row,part\n" + "".join(lines))


churn = pd.read_csv(samples / "telco_churn.csv.gz")["churn"]
for _, test in StratifiedShuffleSplit(1, test_size=0.2, random_state=42).split(churn, churn):
    write("telco", test)
price = pd.read_csv(samples / "ames_housing.csv.gz")["Sale_Price"]
for i, (_, test) in enumerate(ShuffleSplit(10, test_size=0.2, random_state=42).split(price)):
    write(f"ames-{i}", test)
