"""The shop of segments_large.py as files to be taken in, with the twenty rules: what `portolan segments size` needs, from the start
of the program to its answer.

    pip install numpy pyarrow
    python segments_lake.py FOLDER
    portolan init FOLDER/ws
    portolan ingest FOLDER/products.csv FOLDER/lines.csv -w FOLDER/ws
    portolan run -w FOLDER/ws                 (the rules' marts; more memory than 24 GiB for what follows them)
    cp FOLDER/segments.toml FOLDER/ws
    sync; echo 3 > /proc/sys/vm/drop_caches
    time portolan segments size "$(cat FOLDER/rule.txt)" -q -w FOLDER/ws

A million shoppers, 4 million orders, 10 million lines of 20,000 products, a line in twelve of which comes back five days later.
"""

import os
import sys

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv

SHOPPERS, ORDERS, LINES, PRODUCTS = 1_000_000, 4_000_000, 10_000_000, 20_000
RULES = [
    ("core", "orders.count(180d) >= 2 and market in [DE, FR] and not returned_last"),
    ("rich", "orders.revenue(365d) >= 300 and orders.average(365d) >= 80"),
    ("rich core", "segment(core) and segment(rich)"),
    ("core, not rich", "segment(core) and not segment(rich)"),
    ("silent", "days_since_last_order between 90 and 365"),
    ("lost", "last_order < 365d ago"),
    ("new", "first_order >= 60d ago"),
    ("returners", "returns.share(365d) >= 30% and returns.count(365d) >= 2"),
    ("coffee", "bought(category Coffee, 180d)"),
    ("coffee, no tea", "bought(category coffee) and not bought(category Tea, 365d)"),
    ("loyal to Nordkap", "brand = nordkap and brand_share >= 0.6 and bought(brand Nordkap, 90d)"),
    ("berlin", "city = BERLIN or region = Bayern"),
    ("place unknown", "city is missing and region is missing"),
    ("mailable", "consent and language in [de, fr]"),
    ("not asked", "accepts_marketing is missing"),
    ("champions", "rfm = champions or (r >= 4 and f >= 4 and m = 5)"),
    ("lapsing", "tag(lapsing) and orders.units(365d) > 3"),
    ("small baskets", "basket_size <= 1.5 and orders.count >= 3"),
    ("winter", "last_order between 2025-11-01 and 2025-12-31 and cluster in [0, 2]"),
    ("others", "not (segment(core) or segment(rich) or segment(silent) or segment(coffee))"),
]

rng = np.random.default_rng(7)
folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)

who = rng.integers(0, SHOPPERS, ORDERS)
age = rng.exponential(300, ORDERS).astype(int).astype("timedelta64[D]")
day = (np.datetime64("2026-01-01") - age - np.timedelta64(1, "D")).astype("datetime64[D]")
order = np.sort(rng.integers(0, ORDERS, LINES))
product = rng.integers(0, PRODUCTS, LINES)
price = rng.integers(300, 9900, PRODUCTS) / 100
homes = np.array(["DE", "FR", "US", "JP"])[rng.integers(0, 4, SHOPPERS)]


def picked(texts, which):
    return pa.array(texts).take(pa.array(which))


lines = pa.table(
    {
        "order_id": pa.array(order),
        "shopper_id": picked([f"s{n:07d}" for n in range(SHOPPERS)], who[order]),
        "ordered_at": pa.array(day[order]).cast(pa.string()),
        "product_id": picked([f"P{n}" for n in range(PRODUCTS)], product),
        "quantity": rng.integers(1, 4, LINES),
        "unit_price": price[product],
        "currency": picked(["EUR"], np.zeros(LINES, int)),
        "market": picked(homes, who[order]),
    }
)
back = rng.random(LINES) < 0.08
returned = lines.filter(pa.array(back))
later = pa.array((day[order] + np.timedelta64(5, "D"))[back]).cast(pa.string())
returned = returned.set_column(2, "ordered_at", later).set_column(4, "quantity", pc.negate(returned["quantity"]))
csv.write_csv(pa.concat_tables([lines, returned]), f"{folder}/lines.csv")

goods = "Kitchen > Coffee,Kitchen > Tea,Home,Garden,Toys,Books,Sport,Beauty,Office,Pets".split(",")
brands = ["Nordkap", "Portena"] + [f"B{n}" for n in range(48)]
with open(f"{folder}/products.csv", "w", encoding="utf-8") as out:
    out.write("product_id,title,category,brand\n")
    for n in range(PRODUCTS):
        out.write(f"P{n},Thing {n},{rng.choice(goods)},{rng.choice(brands)}\n")
with open(f"{folder}/segments.toml", "w", encoding="utf-8") as out:
    for name, rule in RULES:
        out.write(f"[[segment]]\nname = \"{name}\"\nrule = '{rule}'\n\n")
with open(f"{folder}/rule.txt", "w", encoding="utf-8") as out:
    out.write(" or ".join(f'segment("{name}")' for name, _ in RULES))
