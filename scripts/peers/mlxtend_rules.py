#!/usr/bin/env python3
"""Association rules: this repository beside mlxtend on the baskets of UCI Online Retail, CPU seconds of both.

    pip install mlxtend pandas
    cargo build --release -p audience --example rules
    scripts/peers/mlxtend_rules.py RETAIL.CSV.GZ [COUNTRY [SUPPORT ...]]

RETAIL.CSV.GZ is the public file with its eight columns. A basket is an invoice of the country (United Kingdom without it): lines
with a customer, positive quantity and price, products only. For each support (.02 and .01 without it; confidence .3): CPU
seconds of mlxtend's fpgrowth and association_rules on a table of truth values that is already built, then of ours from lists of
items, the mean of 20, one thread each, right after each other; itemsets, rules and the sums of lift, confidence and leverage
of both have to agree, or the script ends with an error. Prints one JSON object a support.
"""
import csv, gzip, json, os, subprocess, sys, tempfile, time
import pandas as pd
from mlxtend.frequent_patterns import association_rules, fpgrowth
from mlxtend.preprocessing import TransactionEncoder
import mlxtend

SERVICES = {"POST", "D", "M", "DOT", "C2", "BANK CHARGES", "PADS", "AMAZONFEE", "CRUK", "B", "S"}
CONFIDENCE = 0.3

path = sys.argv[1]
country = (sys.argv[2:3] or ["United Kingdom"])[0]
supports = [float(s) for s in sys.argv[3:]] or [0.02, 0.01]
target = os.environ.get("CARGO_TARGET_DIR", "target")

baskets = {}
with gzip.open(path, "rt", newline="", encoding="utf-8") as file:
    for row in csv.DictReader(file):
        item = row["StockCode"].upper()
        clean = not row["InvoiceNo"].startswith("C") and int(row["Quantity"]) > 0 and float(row["UnitPrice"]) > 0
        if clean and row["CustomerID"] and row["Country"] == country and item not in SERVICES:
            baskets.setdefault(row["InvoiceNo"], set()).add(item)
lists = [sorted(items) for items in baskets.values()]

encoder = TransactionEncoder()
table = pd.DataFrame(encoder.fit(lists).transform(lists), columns=encoder.columns_)

with tempfile.NamedTemporaryFile("w", suffix=".tsv", delete=False) as file:
    file.writelines("\t".join(items) + "\n" for items in lists)

for support in supports:
    start = time.process_time()
    itemsets = fpgrowth(table, min_support=support, use_colnames=True)
    rules = association_rules(itemsets, metric="confidence", min_threshold=CONFIDENCE)
    peer_s = time.process_time() - start
    ours = json.loads(subprocess.run(
        [f"{target}/release/examples/rules", file.name, str(support), str(CONFIDENCE)],
        check=True, capture_output=True, text=True, env={**os.environ, "RAYON_NUM_THREADS": "1"}).stdout)
    peer = {"itemsets": len(itemsets), "rules": len(rules)}
    sums = {f"sum_{k}": float(rules[k].sum()) for k in ("lift", "confidence", "leverage")}
    agree = all(ours[k] == v for k, v in peer.items())
    agree &= all(abs(ours[k] - v) <= 1e-8 * max(1.0, abs(v)) for k, v in sums.items())
    print(json.dumps({"peer": f"mlxtend {mlxtend.__version__}", "support": support, **ours, "peer_itemsets": peer["itemsets"],
                      "peer_rules": peer["rules"], "peer_cpu_s": round(peer_s, 4), "agree": agree,
                      "ratio": round(peer_s / ours["cpu_s"], 1) if ours["cpu_s"] > 0 else None}), flush=True)
    if not agree:
        sys.exit("the two do not agree")
os.unlink(file.name)
