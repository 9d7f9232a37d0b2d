"""The peer of `bench rfm`: recency, frequency and monetary scores of an Online Retail export, with pandas.

    python3 rfm_pandas.py FILE READS REPEATS

Reads only the columns needed. The last line on standard output is a JSON object: version, seconds from the file to the
scores (the middle one of READS), CPU seconds of sums and scores (the mean of REPEATS), and the control figures that both sides
must agree on.
"""

import json
import sys
import time

import pandas as pd


def read(path):
    columns = ["InvoiceNo", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"]
    texts = {"InvoiceNo": "str", "CustomerID": "str"}
    lines = pd.read_csv(path, usecols=columns, dtype=texts, parse_dates=["InvoiceDate"])
    kept = (~lines.InvoiceNo.str.startswith("C")) & (lines.Quantity > 0) & (lines.UnitPrice > 0) & lines.CustomerID.notna()
    lines = lines[kept]
    amount = lines.Quantity * lines.UnitPrice
    return lines.assign(amount=amount, day=lines.InvoiceDate.dt.normalize())[["InvoiceNo", "CustomerID", "day", "amount"]]


def rfm(lines):
    snapshot = lines.day.max() + pd.Timedelta(days=1)
    of = lines.groupby("CustomerID").agg(
        last=("day", "max"), orders=("InvoiceNo", "nunique"), revenue=("amount", "sum")
    )
    of["days"] = (snapshot - of["last"]).dt.days
    # Fifths of the ranking, ties by customer.
    for score, values in (("r", -of.days), ("f", of.orders), ("m", of.revenue)):
        of[score] = ((values.rank(method="first") - 1) * 5 // len(of) + 1).astype(int)
    return of


reads, repeats = int(sys.argv[2]), int(sys.argv[3])
whole = []
for _ in range(reads):
    started = time.perf_counter()
    lines = read(sys.argv[1])
    rfm(lines)
    whole.append(time.perf_counter() - started)
started = time.process_time()
for _ in range(repeats):
    of = rfm(lines)
score_s = (time.process_time() - started) / repeats
control = {
    "lines": len(lines),
    "shoppers": len(of),
    "days": int(of.days.sum()),
    "orders": int(of.orders.sum()),
    "cents": int(round(of.revenue.sum() * 100)),
    "best": int(((of.r == 5) & (of.f == 5) & (of.m == 5)).sum()),
    "weighed": int((of.r * 25 + of.f * 5 + of.m).sum()),
}
said = {"whole_s": sorted(whole)[reads // 2], "score_cpu_s": score_s}
print(json.dumps({"version": pd.__version__, **said, "control": control}))
