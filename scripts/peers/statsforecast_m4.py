"""M4 weekly and hourly by statsforecast, one thread, beside `cargo run --release -p learn --example m4 FOLDER`.

    python scripts/peers/statsforecast_m4.py FOLDER [weekly|hourly] [METHOD ...]

FOLDER holds `Weekly-train.csv.gz` and so on. The compilation by numba is done on one short series before
the clock starts and is not counted. CPU seconds are those of this process.
"""

import csv
import gzip
import json
import sys
import time

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
    folder, wanted = sys.argv[1], sys.argv[2:]
    groups = {
        "weekly": ("Weekly", 13, 1, {"Naive": Naive(), "AutoETS": AutoETS(), "AutoTheta": AutoTheta()}),
        "hourly": (
            "Hourly",
            48,
            24,
            {
                "SeasonalNaive24": SeasonalNaive(24),
                "MSTL24_168": MSTL([24, 168], trend_forecaster=AutoETS(model="ZZN")),
                "AutoTheta": AutoTheta(24),
            },
        ),
    }
    for name, (file, h, m, methods) in groups.items():
        if wanted and name not in wanted and any(w in groups for w in wanted):
            continue
        train, test = read(folder, file, "train"), read(folder, file, "test")
        s0, a0 = errors(train, test, [naive2(y, m, h) for y in train], m)
        for method, model in methods.items():
            if any(w not in groups for w in wanted) and method not in wanted:
                continue
            model.forecast(y=train[0][-max(400, 0) :], h=h)
            start = time.process_time()
            forecasts = [model.forecast(y=y, h=h)["mean"] for y in train]
            cpu = time.process_time() - start
            s, a = errors(train, test, forecasts, m)
            row = dict(group=name, method=method, smape=s, mase=a, owa=(s / s0 + a / a0) / 2, cpu_s=cpu)
            print(json.dumps(row), flush=True)


main()
