"""Reads a file as one peer and prints how long that took and sums of it, as
JSON: python peers.py CONTENDER FILE. See peers_test.go, which runs it."""
import json
import os
import sys
import time

THREADS = 2
os.environ["OMP_NUM_THREADS"] = str(THREADS)
import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

pa.set_cpu_count(THREADS)
pa.set_io_thread_count(THREADS)
duckdb.sql(f"SET threads = {THREADS}")


def arrow(relation):
    return relation.to_arrow_table()


contender, path = sys.argv[1:3]
if contender == "convert":  # FILE.csv to FILE.parquet, as pyarrow does it by itself
    pq.write_table(pyarrow.csv.read_csv(path), path.removesuffix(".csv") + ".parquet")
    sys.exit()
read = {
    "csv/pandas": lambda: pd.read_csv(path),
    "csv/pandas, times parsed": lambda: pd.read_csv(path, parse_dates=["at"]),
    "csv/pandas, engine pyarrow": lambda: pd.read_csv(path, engine="pyarrow"),
    "csv/pyarrow": lambda: pyarrow.csv.read_csv(path),
    "csv/DuckDB": lambda: arrow(duckdb.read_csv(path)),
    "parquet/pandas": lambda: pd.read_parquet(path),
    "parquet/pyarrow": lambda: pq.read_table(path),
    "parquet/DuckDB": lambda: arrow(duckdb.read_parquet(path)),
}[contender]
start, used = time.perf_counter(), time.process_time()
table = read()
seconds, cpu = time.perf_counter() - start, time.process_time() - used
if isinstance(table, pa.Table):
    total = lambda name: pc.sum(table[name]).as_py()
    missing = table["price"].null_count
else:
    total = lambda name: table[name].sum().item()
    missing = int(table["price"].isna().sum())
print(json.dumps({"seconds": seconds, "cpu": cpu, "rows": len(table), "ids": total("id"), "prices": total("price"), "missing": missing,
                  "members": int(total("member")), "quantity": total("quantity")}))
