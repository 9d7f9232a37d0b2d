"""The Python package lifetimes on the CDNOW sample: what `--example value -- cdnow` measures, by the peer.

python3 scripts/peers/lifetimes.py FILE REPEATS

Needs lifetimes 0.11.3, which needs numpy < 1.24, scipy < 1.10, pandas < 1.6. Reading and summarising the file is not
timed on either side. Prints one JSON object; time is that of the processor, in one thread.
"""

import json
import os
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import warnings

sys.path.pop(0)  # this file has the package's name
import lifetimes
import pandas as pd

warnings.filterwarnings("ignore")
file, repeats = sys.argv[1], int(sys.argv[2])
rows = pd.read_csv(file, sep=r"\s+", header=None, names=["all", "id", "day", "n", "amount"], compression="infer")
rows["day"] = pd.to_datetime(rows["day"], format="%Y%m%d")
days = rows.groupby(["id", "day"])["amount"].sum().reset_index()
end, last = pd.Timestamp("1997-09-30"), pd.Timestamp("1998-06-30")
seen = days[days["day"] <= end].sort_values(["id", "day"])
first = seen.groupby("id")["day"].transform("first")
later = days[(days["day"] > end) & (days["day"] <= last)].groupby("id").size()
repeat = seen[seen["day"] > first]
table = pd.DataFrame(index=seen["id"].unique())
table["frequency"] = repeat.groupby("id").size().reindex(table.index).fillna(0)
table["monetary"] = repeat.groupby("id")["amount"].mean().reindex(table.index).fillna(0)
span = seen.groupby("id")["day"].agg(["min", "max"])
table["recency"] = (span["max"] - span["min"]).dt.days / 7
table["T"] = (end - span["min"]).dt.days / 7
table["later"] = later.reindex(table.index).fillna(0)
paid = table[(table["frequency"] > 0) & (table["monetary"] > 0)]

started, wall = time.process_time(), time.perf_counter()
for _ in range(repeats):
    model = lifetimes.BetaGeoFitter().fit(table["frequency"], table["recency"], table["T"])
    amounts = lifetimes.GammaGammaFitter().fit(paid["frequency"], paid["monetary"])
    expected = model.conditional_expected_number_of_purchases_up_to_time(
        39, table["frequency"], table["recency"], table["T"]
    )
    alive = model.conditional_probability_alive(table["frequency"], table["recency"], table["T"])
    clv = amounts.customer_lifetime_value(
        model, table["frequency"], table["recency"], table["T"], table["monetary"], time=12, discount_rate=0.01, freq="W"
    )
cpu, wall = time.process_time() - started, time.perf_counter() - wall
parameters = list(model.params_) + list(amounts.params_)
print(
    json.dumps(
        {
            "task": "cdnow",
            "peer": "lifetimes " + lifetimes.__version__,
            "repeats": repeats,
            "shoppers": len(table),
            "cpu_s": cpu,
            "wall_s": wall,
            "holdout_mae": float((expected - table["later"]).abs().mean()),
            "holdout_expected": float(expected.sum()),
            "holdout_actual": float(table["later"].sum()),
            "mean_clv": float(clv.mean()),
            "r_alpha_a_b_p_q_v": parameters,
        },
        indent=1,
    )
)
