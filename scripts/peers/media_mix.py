#!/usr/bin/env python3
"""The search of a media mix by scipy's differential evolution, beside `cargo run --example media_mix`.

usage: media_mix.py <folder mmm_simulated>

Same table, same model and ranges: geometric adstock, Hill saturation, non-negative channels, ridge 1e-4, the last 26 weeks held
out. Prints one JSON object with the CPU seconds of one search and its fit.
"""

import csv
import gzip
import json
import os
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402
from scipy.optimize import differential_evolution, lsq_linear  # noqa: E402

CHANNELS = ["tv_S", "ooh_S", "print_S", "facebook_S", "search_S"]
RIDGE, TEST = 1e-4, 26

with gzip.open(os.path.join(sys.argv[1], "robyn", "dt_simulated_weekly.csv.gz"), "rt") as file:
    rows = list(csv.DictReader(file))
y = np.array([float(r["revenue"]) for r in rows])
spend = np.array([[float(r[c]) for r in rows] for c in CHANNELS])
n, train = len(y), len(y) - TEST
t = np.arange(n)
named = [[float(r[c]) for r in rows] for c in ("competitor_sales_B", "newsletter")]
named += [[float(r["events"] == e) for r in rows] for e in ("event1", "event2")]
base = [np.ones(n), t / n]
for pair in (1, 2):
    base += [np.sin(2 * np.pi * pair * t / 52.1775), np.cos(2 * np.pi * pair * t / 52.1775)]
base += [(np.array(v) - np.mean(v[:train])) / np.std(v[:train]) for v in named]
base = np.column_stack(base)


def saturated(x, theta, alpha, gamma):
    carried, last = np.empty(n), 0.0
    for i, v in enumerate(x):
        last = v + theta * last
        carried[i] = last
    z = carried / carried[:train].max()
    return z**alpha / (z**alpha + gamma**alpha)


def fit(p):
    media = np.column_stack([saturated(spend[j], *p[3 * j : 3 * j + 3]) for j in range(len(CHANNELS))])
    x = np.hstack([base, media])
    k, m = base.shape[1], len(CHANNELS)
    ridge = np.hstack([np.zeros((m, k)), np.eye(m) * np.sqrt(RIDGE * train)])
    low = np.r_[np.full(k, -np.inf), np.zeros(m)]
    b = lsq_linear(np.vstack([x[:train], ridge]), np.r_[y[:train], np.zeros(m)], (low, np.inf), method="bvls").x
    return b, x


def loss(p):
    b, x = fit(p)
    return np.sum((y[:train] - x[:train] @ b) ** 2)


start = time.process_time()
found = differential_evolution(loss, [(0, 0.8), (0.5, 3), (0.1, 1)] * len(CHANNELS), maxiter=25, popsize=5, seed=1)
seconds = time.process_time() - start
b, x = fit(found.x)


def r2(part):
    return 1 - np.sum((y[part] - x[part] @ b) ** 2) / np.sum((y[part] - y[part].mean()) ** 2)


print(json.dumps({"cpu_seconds": seconds, "r2_train": r2(slice(0, train)), "r2_test": r2(slice(train, n)), "calls": int(found.nfev)}))
