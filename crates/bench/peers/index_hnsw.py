"""Approximate nearest neighbours by usearch and hnswlib, one thread, CPU time, for `bench index`.

Arguments: a file of products (float32 by rows), a file of queries, columns, results wanted, the least share of the best that has to be
found. Prints a list of peers as JSON: for each the quickest setting that finds enough, else the one that finds most.
"""

import importlib.metadata
import json
import sys
import time

import hnswlib
import numpy as np
from usearch.index import Index

WIDTHS = [32, 64, 128, 256, 512]


def timed(ask, n):
    """CPU milliseconds a query, over at least half a second, and what was found."""
    found = ask()
    started, rounds = time.process_time(), 0
    while rounds == 0 or time.process_time() - started < 0.5:
        ask()
        rounds += 1
    return 1e3 * (time.process_time() - started) / (n * rounds), found


def main():
    products, queries, columns, top, least = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
    products = np.fromfile(products, dtype=np.float32).reshape(-1, columns)
    queries = np.fromfile(queries, dtype=np.float32).reshape(-1, columns)
    truth = [set(row) for row in np.argpartition(-(queries @ products.T), top, axis=1)[:, :top]]

    def recall(found):
        return sum(len(best & set(row)) for best, row in zip(truth, found.tolist())) / (top * len(truth))

    peers = []

    def add(name, built, search):
        tried = []
        for width in WIDTHS:
            ms, found = timed(search(width), len(queries))
            tried.append({"width": width, "ms": ms, "recall": recall(found)})
            if tried[-1]["recall"] >= least:
                break
        best = max(tried, key=lambda t: (t["recall"] >= least, t["recall"]))
        peers.append({"name": name, "version": importlib.metadata.version(name), "built_s": built, **best})

    started = time.process_time()
    graph = hnswlib.Index(space="ip", dim=columns)
    graph.init_index(max_elements=len(products), ef_construction=200, M=16)
    graph.set_num_threads(1)
    graph.add_items(products, num_threads=1)
    built = time.process_time() - started

    def by_hnswlib(width):
        graph.set_ef(max(width, top))
        return lambda: graph.knn_query(queries, k=top, num_threads=1)[0]

    add("hnswlib", built, by_hnswlib)

    started = time.process_time()
    index = Index(ndim=columns, metric="ip", dtype="f32", connectivity=16, expansion_add=128, expansion_search=64)
    index.add(np.arange(len(products)), products, threads=1)
    built = time.process_time() - started

    def by_usearch(width):
        index.expansion_search = max(width, top)
        return lambda: index.search(queries, top, threads=1).keys

    add("usearch", built, by_usearch)
    json.dump(peers, sys.stdout)


main()
