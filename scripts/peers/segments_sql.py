"""The query of a set of segments in DataFusion: the same members as the reference evaluator on a small
shop, and its time on a large one.

    pip install datafusion
    segments_sql SMALL > query.json          (the example of crates/audience)
    python segments_sql.py query.json SMALL [LARGE] [THREADS]

SMALL is the folder that the example wrote. LARGE holds orders, order_lines, products, shoppers,
shopper_traits and segments as Parquet files with the columns of docs/tables.md (segments_large.py draws
them); every run is a process's first, so the time includes reading the files. Prints one JSON object.
"""

import csv
import json
import resource
import sys
import time

from datafusion import RuntimeEnvBuilder, SessionConfig, SessionContext

ZONES = {
    "orders": "clean",
    "order_lines": "clean",
    "products": "clean",
    "shoppers": "clean",
    "shopper_traits": "marts",
    "segments": "marts",
}


def context(folder, kind, threads):
    # As crates/lake/src/engine.rs sets the engine.
    settings = {
        "datafusion.execution.parquet.schema_force_view_types": "false",
        "datafusion.optimizer.enable_join_dynamic_filter_pushdown": "false",
    }
    config = SessionConfig(settings)
    ctx = SessionContext(config.with_target_partitions(threads), RuntimeEnvBuilder())
    for zone in ("clean", "marts"):
        ctx.sql(f"create schema {zone}").collect()
    for table, zone in ZONES.items():
        path = f"{folder}/{table}.{kind}"
        options = " options ('format.has_header' 'true')" if kind == "csv" else ""
        stored = "csv" if kind == "csv" else "parquet"
        ctx.sql(f"create external table raw_{table} stored as {stored} location '{path}'{options}").collect()
        columns = "*"
        if kind == "csv":
            # An empty cell of a CSV file is an empty text; in the lake it is null.
            fields = ctx.sql(f"select * from raw_{table} limit 0").schema()
            text = {f.name for f in fields if "tring" in str(f.type) or "Utf8" in str(f.type)}
            cell = "nullif(\"{0}\", '') as \"{0}\""
            columns = ", ".join(cell.format(f.name) if f.name in text else f'"{f.name}"' for f in fields)
        ctx.sql(f"create view {zone}.{table} as select {columns} from raw_{table}").collect()
    return ctx


def main():
    query = json.load(open(sys.argv[1]))
    small = sys.argv[2]
    threads = int(sys.argv[4]) if len(sys.argv) > 4 else 2
    names = {column: name for name, column in query["columns"]}
    found = set()
    for batch in context(small, "csv", 1).sql(query["sql"]).collect():
        rows = batch.to_pydict()
        for column, name in names.items():
            found.update((s, name) for s, yes in zip(rows["shopper_id"], rows[column]) if yes)
    expected = {(row["shopper_id"], row["segment"]) for row in csv.DictReader(open(f"{small}/expected.csv"))}
    out = {
        "rules": query["rules"],
        "memberships": len(expected),
        "too_many": len(found - expected),
        "too_few": len(expected - found),
        "examples": sorted(found ^ expected)[:5],
        "segments_with_members": len({name for _, name in expected}),
    }
    if len(sys.argv) > 3:
        before = resource.getrusage(resource.RUSAGE_SELF)
        start = time.perf_counter()
        batches = context(sys.argv[3], "parquet", threads).sql(query["sql"]).collect()
        out["large"] = {
            "threads": threads,
            "seconds": round(time.perf_counter() - start, 2),
            "cpu_seconds": round(
                resource.getrusage(resource.RUSAGE_SELF).ru_utime
                + resource.getrusage(resource.RUSAGE_SELF).ru_stime
                - before.ru_utime
                - before.ru_stime,
                2,
            ),
            "shoppers_found": sum(b.num_rows for b in batches),
            "sizes": {name: sum(b.column(c).true_count for b in batches) for c, name in names.items()},
        }
    print(json.dumps(out))


main()
