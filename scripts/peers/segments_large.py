"""A large shop for segments_sql.py: a million shoppers, 4 million orders, 10 million lines, 20,000 products.

    pip install numpy pyarrow
    python segments_large.py FOLDER

Orders come at random over the shoppers and over three years or so (exponential, 300 days on average); an
order has 2.5 lines on average, of a line in twelve a unit comes back. Names of shoppers are made of 64 random bits.
"""

import os
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SHOPPERS, ORDERS, LINES, PRODUCTS = 1_000_000, 4_000_000, 10_000_000, 20_000
rng = np.random.default_rng(7)
folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)


def write(name, **columns):
    pq.write_table(pa.table(columns), f"{folder}/{name}.parquet", row_group_size=262_144, compression="snappy")


def some(values, share):
    return pa.array(values, mask=rng.random(len(values)) > share)


def amounts(cents):
    parts = np.zeros((len(cents), 2), dtype=np.int64)
    parts[:, 0] = cents.astype(np.int64) * 10_000
    return pa.Array.from_buffers(pa.decimal128(18, 6), len(cents), [None, pa.py_buffer(parts.tobytes())])


names = pa.array([f"s{bits:016x}" for bits in rng.integers(0, 2**63, SHOPPERS)])
who = rng.integers(0, SHOPPERS, ORDERS)
age = rng.exponential(300, ORDERS).astype(int).astype("timedelta64[D]")
day = (np.datetime64("2026-01-01") - age - np.timedelta64(1, "D")).astype("datetime64[D]")
keys = pa.array([f"shop:{i}" for i in range(ORDERS)])
order = np.sort(rng.integers(0, ORDERS, LINES))
write(
    "orders",
    order_key=keys,
    shopper_id=names.take(pa.array(who)),
    day=pa.array(day),
    units=rng.integers(1, 6, ORDERS),
    returned_units=np.bincount(order[rng.random(LINES) < 0.08], minlength=ORDERS),
    gross=amounts(rng.integers(500, 30_000, ORDERS)),
    kind=pa.array(["sale"] * ORDERS),
    shopper_no=pa.array(who),
)
products = pa.array([f"P{i}" for i in range(PRODUCTS)])
write(
    "order_lines",
    order_key=keys.take(pa.array(order)),
    shopper_id=names.take(pa.array(who[order])),
    product_id=products.take(pa.array(rng.integers(0, PRODUCTS, LINES))),
    day=pa.array(day[order]),
    settled=pa.array([True] * LINES),
    shopper_no=pa.array(who[order]),
)
goods = "Kitchen > Coffee,Kitchen > Tea,Home,Garden,Toys,Books,Sport,Beauty,Office,Pets".split(",")
brands = ["Nordkap", "Portena"] + [f"B{i}" for i in range(48)]
write("products", product_id=products, category=rng.choice(goods, PRODUCTS), brand=rng.choice(brands, PRODUCTS))
write(
    "shoppers",
    shopper_id=names,
    market=rng.choice(["DE", "FR", "US", "JP"], SHOPPERS),
    language=some(rng.choice(["de", "fr", "en"], SHOPPERS), 0.8),
    accepts_marketing=some(rng.random(SHOPPERS) < 0.6, 0.8),
    shopper_no=np.arange(SHOPPERS),
)
write(
    "shopper_traits",
    shopper_id=names,
    region=some(rng.choice(["Bayern", "NRW", "Idf"], SHOPPERS), 0.6),
    city=some(rng.choice(["Berlin", "Paris", "Köln"], SHOPPERS), 0.6),
    channel=rng.choice(["web", "app"], SHOPPERS),
    channel_share=rng.random(SHOPPERS),
    brand=some(rng.choice(["Nordkap", "Portena", "B3"], SHOPPERS), 0.9),
    brand_share=rng.random(SHOPPERS),
    shopper_no=np.arange(SHOPPERS),
)
tags = ["[]", '[{"tag":"lapsing","reason":"x"}]', '[{"tag":"repeat","reason":"since 2025-01-02 two orders or more"}]']
write(
    "segments",
    shopper_id=names,
    segment=rng.choice(["champions", "loyal", "at_risk"], SHOPPERS),
    r=rng.integers(1, 6, SHOPPERS),
    f=rng.integers(1, 6, SHOPPERS),
    m=rng.integers(1, 6, SHOPPERS),
    cluster=some(rng.integers(0, 4, SHOPPERS), 0.9),
    tags=pa.array(rng.choice(tags, SHOPPERS)),
    shopper_no=np.arange(SHOPPERS),
)
