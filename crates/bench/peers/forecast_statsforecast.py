"""One group of M4 by statsforecast, one thread, for `bench forecast`.

    python forecast_statsforecast.py FOLDER weekly|hourly

FOLDER holds `Weekly-train.csv.gz` and so on. Each method answers one series before the clock starts, so that whatever is
compiled or loaded once is not counted. CPU seconds are those of this process. One JSON object a method.
"""

import csv
import gzip
import json
import sys
import time
from importlib.metadata import version

import numpy as np
from statsforecast.models import MSTL, AutoETS, AutoTheta, Naive, SeasonalNaive


def read(folder, group, part):
    with gzip.open(f"{folder}/{group}-{part}.csv.gz", "rt") as file:
        rows = csv.reader(file)
        next(rows)
        return [np.array([float(v) for v in row[1:] if v != ""]) for row in rows]


def naive2(y, m, h):
    n = len(y)
    if m > 1 and n >= 3 * m:
        d = y - y.mean()
        r = [float((d[: n - k] * d[k:]).sum() / (d * d).sum()) for k in range(1, m + 1)]
        if abs(r[-1]) > 1.645 * np.sqrt((1 + 2 * sum(x * x for x in r[:-1])) / n):
            kernel = np.ones(m) / m if m % 2 else np.r_[0.5, np.ones(m - 1), 0.5] / m
            trend = np.convolve(y, kernel, "valid")
            ratio = y[m // 2 : m // 2 + len(trend)] / trend
            index = np.array([ratio[(p - m // 2) % m :: m].mean() for p in range(m)])
            index /= index.mean()
            return y[-1] / index[(n - 1) % m] * index[(n + np.arange(h)) % m]
    return np.repeat(y[-1], h)


def errors(train, test, forecasts, m):
    smape = [np.mean(200 * abs(y - f) / (abs(y) + abs(f))) for y, f in zip(test, forecasts)]
    mase = [np.mean(abs(y - f)) / np.mean(abs(x[m:] - x[:-m])) for x, y, f in zip(train, test, forecasts)]
    return float(np.mean(smape)), float(np.mean(mase))


def main():
    folder, group = sys.argv[1:]
    file, h, m, methods = {
        "weekly": ("Weekly", 13, 1, {"Naive": Naive(), "AutoETS": AutoETS(), "AutoTheta": AutoTheta()}),
        "hourly": (
            "Hourly",
            48,
            24,
            {
                "SeasonalNaive": SeasonalNaive(24),
                "MSTL": MSTL([24, 168], trend_forecaster=AutoETS(model="ZZN")),
            },
        ),
    }[group]
    train, test = read(folder, file, "train"), read(folder, file, "test")
    s0, a0 = errors(train, test, [naive2(y, m, h) for y in train], m)
    for method, model in methods.items():
        model.forecast(y=train[0], h=h)
        start = time.process_time()
        forecasts = [model.forecast(y=y, h=h)["mean"] for y in train]
        cpu = time.process_time() - start
        s, a = errors(train, test, forecasts, m)
        row = dict(method=method, smape=s, mase=a, owa=(s / s0 + a / a0) / 2, cpu_s=cpu)
        print(json.dumps(row | dict(version=version("statsforecast"))), flush=True)


main()
