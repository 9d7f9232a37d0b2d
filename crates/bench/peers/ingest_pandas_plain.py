"""The second peer of `bench ingest`: the same cleaning as an analyst writes it with pandas.

    python3 ingest_pandas_plain.py FILE OUT

Same definitions and same output as ingest_pandas.py (see there for what both leave out), written for the reader:
data frames, .str methods, groupby and merge, vectorised throughout but for the matching of cancellations. The
other one is what is left after tuning by hand. Amounts are whole micro-units (int64), in the files, too.
"""

import hashlib
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from ingest_pandas import COUNTRIES, MAX_PRICE, MAX_QUANTITY, MICROS, SERVICE_CODES, SERVICE_WORD
from ingest_pandas import OUTLIER_MIN_LINES, OUTLIER_RATIO, OUTLIER_Z, decimal_text


def read(path, out):
    """The rows of the file with our names, its fingerprint, and a copy below `out`."""
    (out / "raw").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, out / "raw" / path.name)
    with open(path, "rb") as file:
        source = hashlib.file_digest(file, "sha256").hexdigest()[:16]
    lines = pd.read_csv(
        path,
        dtype={"InvoiceNo": "str", "StockCode": "str", "Description": "str", "CustomerID": "str", "Country": "str"},
        parse_dates=["InvoiceDate"],
        keep_default_na=False,
        na_values={"StockCode": "", "Description": "", "CustomerID": ""},
    )
    lines.columns = ["order_id", "product_code", "title", "quantity", "ordered_at", "price", "shopper_id", "country"]
    lines.insert(0, "line", np.arange(2, len(lines) + 2))
    # Binary fractions only on the way: six places and less than 2^53 micro-units make the rounding exact.
    lines["price"] = (lines["price"] * MICROS).round().astype("int64")
    return lines, source


def normal(texts):
    """NFKC, no invisible characters, blanks folded; each distinct text once."""
    once = texts.dropna().drop_duplicates()
    folded = once.str.normalize("NFKC").str.replace("[\ufeff\u200b\u2060\u00ad]", "", regex=True)
    folded = folded.str.replace(r"\s+", " ", regex=True).str.strip()
    return texts.map(pd.Series(folded.to_numpy(), index=once.to_numpy()))


def products_of(lines):
    """Products: codes merged, the most frequent title, services."""
    named = lines.dropna(subset=["title"])
    named = named[named["title_key"] != ""]
    titles = named.groupby(["product_id", "title_key"]).agg(
        name=("name", "first"), sold=("sold", "sum"), lines=("sold", "size")
    )
    titles = titles.reset_index().sort_values(["sold", "lines", "title_key"], ascending=[False, False, True])
    products = pd.DataFrame({"n_codes": lines.groupby("product_id")["product_code"].nunique()})
    products["name"] = titles.drop_duplicates("product_id").set_index("product_id")["name"]
    products["n_names"] = titles["product_id"].value_counts().reindex(products.index, fill_value=0)
    ids, title = products.index.to_series(), products["name"].str.lower()
    by_title = (ids.str.len() < 4) & title.str.contains(SERVICE_WORD).fillna(False).astype(bool)
    products["service"] = ids.isin(SERVICE_CODES) | ids.str.startswith("GIFT_0001_") | by_title
    return products


def robust(sales, column):
    """Lower median of a column by product, and bounds by robust z on logarithms."""
    by_product = sales.groupby("product_id")[column]
    median = by_product.quantile(0.5, interpolation="lower")
    centre = np.log(median)
    away = (np.log(sales[column]) - sales["product_id"].map(centre)).abs()
    away = away.groupby(sales["product_id"])
    scale = 1.4826 * away.quantile(0.5, interpolation="lower")
    scale = scale.where(scale != 0, 1.2533 * away.mean())
    reach = np.maximum(OUTLIER_Z * scale, np.log(OUTLIER_RATIO))
    reach = reach.where(by_product.size() >= OUTLIER_MIN_LINES, np.inf)
    return median, np.exp(centre - reach), np.exp(centre + reach)


def match(lines):
    """Units taken back from each line, the line that each reversal took from first, and units placed."""
    takes_part = lines[lines["side"] >= 0]
    owner = takes_part["shopper_id"].fillna("guest of " + takes_part["order_id"])
    takes_part = takes_part.assign(owner=owner, units=takes_part["quantity"].abs())
    key = ["owner", "product_id", "price"]
    reversed_keys = takes_part.loc[takes_part["side"] > 0, key].drop_duplicates()
    takes_part = takes_part.merge(reversed_keys, on=key)
    takes_part["key"] = takes_part.groupby(key, sort=False).ngroup()
    takes_part = takes_part.sort_values(["key", "ordered_at", "side", "line"])[["key", "line", "side", "units"]]
    returned, first, placed = {}, {}, {}
    open_sales, current = [], None
    for key, line, side, left in takes_part.itertuples(index=False, name=None):
        if key != current:
            open_sales, current = [], key
        if side == 0:
            open_sales.append([line, left])
        elif side == 1 or sum(units for _, units in open_sales) >= left:
            placed[line] = 0
            while left > 0 and open_sales:
                sale = open_sales[-1]
                part = min(left, sale[1])
                first.setdefault(line, sale[0])
                returned[sale[0]] = returned.get(sale[0], 0) + part
                placed[line] += part
                left, sale[1] = left - part, sale[1] - part
                if sale[1] == 0:
                    open_sales.pop()
    return lines["line"].map(returned), lines["line"].map(first), lines["line"].map(placed)


def clean(lines, source):
    """The cleaned tables by name, and the control figures."""
    fields = ["order_id", "product_code", "title", "quantity", "ordered_at", "price", "shopper_id", "country"]
    lines["repeat"] = lines.duplicated(subset=fields)
    lines["market"] = normal(lines["country"]).str.lower().map(COUNTRIES).fillna("ZZ")
    lines["name"] = normal(lines["title"])
    lines["title_key"] = lines["name"].str.lower()
    code = normal(lines["product_code"])
    lines["product_id"] = code.str.upper()
    lines["sold"] = (lines["quantity"] > 0) & (lines["price"] > 0)
    lines["day"] = lines["ordered_at"].dt.normalize()
    lines["amount"] = lines["quantity"] * lines["price"]
    products = products_of(lines)
    spellings = lines[["product_code", "product_id"]].drop_duplicates()
    n_merged = int((spellings["product_code"] != spellings["product_id"]).sum())

    # Kinds.
    service = lines["product_id"].map(products["service"]).fillna(False).astype(bool)
    order, title = lines["order_id"], lines["title_key"].fillna("")
    debt = order.str.fullmatch(r"[Aa]\d+") & (lines["product_code"].str.upper() == "B") | title.str.contains("bad debt")
    test = title.str.contains("test order") | order.str.lower().str.contains("test order")
    cancelling = order.str.fullmatch(r"[Cc]\d+") & (lines["quantity"] < 0)
    lines["kind"] = np.select(
        [debt, test, service, cancelling, lines["quantity"] <= 0, lines["price"] == 0],
        ["bad_debt", "adjustment", "service", "cancellation", "adjustment", "gift"],
        "sale",
    )

    # Rejects.
    impossible_price = (lines["price"].abs() > MAX_PRICE) | ((lines["price"] < 0) & ~debt & ~service)
    impossible_quantity = lines["quantity"].abs() > MAX_QUANTITY
    future = lines["day"] > pd.Timestamp.now().normalize()
    rule = np.select([future, impossible_quantity, impossible_price], ["future_date", "impossible_quantity", "impossible_price"], "")
    rejects = pd.DataFrame({"source": source, "line": lines["line"], "rule": rule})[rule != ""]
    usable = lines[rule == ""].reset_index(drop=True)

    # Cancellations and their sales.
    perhaps = (usable["kind"] == "adjustment") & (usable["quantity"] < 0) & (usable["price"] > 0) & ~test[rule == ""].to_numpy()
    usable["side"] = np.select([usable["kind"] == "sale", usable["kind"] == "cancellation", perhaps], [0, 1, 2], -1)
    usable.loc[usable["product_id"].isna(), "side"] = -1
    returned, first, placed = match(usable)
    usable["returned_quantity"] = returned.fillna(0).astype("int64")
    usable["reverses_line"] = first.astype("Int64")
    usable["reverses_source"] = pd.Series(source, index=usable.index).where(first.notna())
    usable.loc[perhaps & first.notna(), "kind"] = "cancellation"
    unmatched = (usable["kind"] == "cancellation") & (placed.fillna(0) < -usable["quantity"])

    # Unusual prices and quantities.
    sales = lines[lines["sold"] & lines["product_id"].notna()]
    usable["settled"] = (usable["kind"] == "sale") & (usable["price"] > 0)
    unusual = {}
    for column in ["price", "quantity"]:
        median, low, high = robust(sales, column)
        if column == "price":
            products["median_price"] = median
            spread = (sales["price"] - sales["product_id"].map(median)).abs().groupby(sales["product_id"])
            products["price_mad"] = spread.quantile(0.5, interpolation="lower")
        value, product = usable[column], usable["product_id"]
        unusual[column] = usable["settled"] & ((value <= product.map(low)) | (value >= product.map(high)))
    usable["flags"] = (
        unusual["price"].map({True: "price_outlier ", False: ""})
        + unusual["quantity"].map({True: "quantity_outlier ", False: ""})
        + unmatched.map({True: "unmatched_cancellation", False: ""})
    ).str.strip()

    # Orders and shoppers.
    for name, kind in [("gross", "sale"), ("services", "service"), ("reversed", "cancellation")]:
        usable[name] = usable["amount"].where(usable["kind"] == kind, 0)
    usable["units"] = usable["quantity"].where(usable["kind"] == "sale", 0)
    usable["sells"], usable["reverses"] = usable["kind"] == "sale", usable["kind"] == "cancellation"
    orders = usable.groupby("order_id", sort=False).agg(
        shopper_id=("shopper_id", "first"), market=("market", "first"), ordered_at=("ordered_at", "first"),
        day=("day", "first"), n_lines=("line", "size"), units=("units", "sum"), gross=("gross", "sum"),
        services=("services", "sum"), reversed=("reversed", "sum"), sells=("sells", "any"), reverses=("reverses", "any"),
        n_times=("ordered_at", "nunique"),
    )  # fmt: skip
    orders["kind"] = np.select([orders["sells"], orders["reverses"]], ["sale", "cancellation"], "adjustment")
    by_market = orders.dropna(subset=["shopper_id"]).groupby(["shopper_id", "market"], as_index=False)
    homes = by_market.agg(sales=("sells", "sum"), orders=("sells", "size"), last=("ordered_at", "max"))
    homes = homes.sort_values(["sales", "orders", "last"]).drop_duplicates("shopper_id", keep="last")
    shoppers = homes.set_index("shopper_id")[["market"]].sort_index()
    days = orders[orders["sells"]].groupby("shopper_id")["day"].agg(["min", "max"])
    shoppers["first_day"], shoppers["last_day"], shoppers["n_keys"] = days["min"], days["max"], 1

    kinds = usable["kind"].value_counts()
    control = {
        "rows": len(usable),
        "rejects": len(rejects),
        "orders": len(orders),
        "shoppers": len(shoppers),
        "products": len(products),
        "codes_merged": n_merged,
        "repeats": int(usable["repeat"].sum()),
        "sum_amount": decimal_text(int(usable["amount"].sum())),
        "settled": int(usable["settled"].sum()),
        "sum_settled": decimal_text(int(usable.loc[usable["settled"], "amount"].sum())),
        "cancellations": int(kinds.get("cancellation", 0)),
        "cancellations_matched": int(usable["reverses_line"].notna().sum()),
        "units_returned": int(usable["returned_quantity"].sum()),
        "services": int(kinds.get("service", 0)),
        "bad_debts": int(kinds.get("bad_debt", 0)),
        "adjustments": int(kinds.get("adjustment", 0)),
        "gifts": int(kinds.get("gift", 0)),
        "price_outliers": int(unusual["price"].sum()),
        "quantity_outliers": int(unusual["quantity"].sum()),
    }
    counts = {
        "text": int(((lines["name"] != lines["title"]) & lines["title"].notna() | (code != lines["product_code"])).sum()),
        "exact_repeat": control["repeats"],
        "product_code_case": n_merged,
        "missing_shopper": int(usable["shopper_id"].isna().sum()),
        "several_timestamps": int((orders["n_times"] > 1).sum()),
        "unmatched_cancellation": int(unmatched.sum()),
        "price_outlier": control["price_outliers"],
        "quantity_outlier": control["quantity_outliers"],
        **rejects["rule"].value_counts().to_dict(),
        **kinds.to_dict(),
    }
    usable["source"], usable["currency"], usable["amount_base"], usable["channel"] = source, "GBP", usable["amount"], None
    columns = [
        "source", "line", "order_id", "shopper_id", "product_id", "product_code", "market", "ordered_at", "day", "kind",
        "quantity", "price", "amount", "currency", "amount_base", "returned_quantity", "reverses_source",
        "reverses_line", "channel", "repeat", "flags", "settled",
    ]  # fmt: skip
    tables = {
        "order_lines": usable[columns],
        "orders": orders.drop(columns=["sells", "reverses", "n_times"]).reset_index(),
        "shoppers": shoppers.reset_index(),
        "products": products.reset_index(),
        "rejects": rejects,
        "rule_counts": pd.DataFrame({"rule": counts.keys(), "source": source, "checked": len(lines), "touched": counts.values()}),
    }
    return tables, control


def main():
    path, out = Path(sys.argv[1]), Path(sys.argv[2])
    lines, source = read(path, out)
    tables, control = clean(lines, source)
    for name, table in tables.items():
        table.to_parquet(out / f"{name}.parquet", compression="snappy", index=False)
    print(json.dumps(control))


if __name__ == "__main__":
    main()
