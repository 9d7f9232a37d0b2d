"""Poisson price elasticities by statsmodels, beside `cargo run --release -p decide --example elasticity FILE`.

    python scripts/peers/statsmodels_elasticity.py FILE

FILE is `online_retail.csv.gz`; the 200 products with most lines, as in the example. CPU seconds are those of this process,
without reading the file. Set OMP_NUM_THREADS=1 for one thread.
"""

import json
import sys
import time

import numpy as np
import pandas as pd
import statsmodels.api as sm

SERVICES = {"POST", "D", "M", "DOT", "C2", "BANK CHARGES", "PADS", "AMAZONFEE", "CRUK", "B", "S"}


def weeks(path):
    rows = pd.read_csv(path, dtype={"InvoiceNo": str, "StockCode": str, "CustomerID": str})
    rows["day"] = pd.to_datetime(rows["InvoiceDate"].str[:10])
    rows["code"] = rows["StockCode"].str.upper()
    fine = ~rows["InvoiceNo"].str.startswith("C") & (rows["Quantity"] > 0) & (rows["UnitPrice"] > 0)
    fine &= rows["CustomerID"].notna() & ~rows["code"].isin(SERVICES)
    fine &= (rows["day"] >= "2010-12-01") & (rows["day"] < "2011-12-10")
    rows = rows[fine]
    counts = rows.groupby("code").size().reset_index(name="n").sort_values(["n", "code"], ascending=[False, True])
    rows = rows[rows["code"].isin(counts["code"][:200])].copy()
    rows["week"] = rows["day"] - pd.to_timedelta(rows["day"].dt.weekday, unit="D")
    rows["revenue"] = rows["Quantity"] * rows["UnitPrice"]
    cells = rows.groupby(["code", "week"]).agg(q=("Quantity", "sum"), revenue=("revenue", "sum")).reset_index()
    cells["price"] = np.log(cells["revenue"] / cells["q"])
    cells["month"] = cells["week"].dt.strftime("%Y-%m")
    return cells


def fit(cells, pooled):
    parts = [cells["price"].to_numpy()[:, None]]
    if pooled:
        parts.append(pd.get_dummies(cells["code"]).to_numpy(float))
        parts.append(pd.get_dummies(cells["month"], drop_first=True).to_numpy(float))
    else:
        parts.append(pd.get_dummies(cells["month"]).to_numpy(float))
    model = sm.GLM(cells["q"].to_numpy(float), np.hstack(parts), family=sm.families.Poisson())
    groups = pd.factorize(cells["code"])[0]
    if pooled:
        return model.fit(cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False})
    return model.fit(cov_type="HC0")


def main():
    cells = weeks(sys.argv[1])
    start = time.process_time()
    pooled = fit(cells, True)
    pooled_s = time.process_time() - start
    start = time.process_time()
    fitted = 0
    for _, one in cells.groupby("code"):
        if len(one) >= 20:
            fit(one, False)
            fitted += 1
    per_product_s = time.process_time() - start
    row = dict(weeks=len(cells), pooled=pooled.params[0], pooled_se=pooled.bse[0], pooled_cpu_s=pooled_s)
    print(json.dumps(row | dict(per_product_fitted=fitted, per_product_cpu_s=per_product_s)))


main()
