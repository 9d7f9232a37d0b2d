"""Approximate nearest neighbours by hnswlib, usearch and faiss, one thread, CPU time, for `bench index`.

Arguments: a file of products (float32 by rows), a file of queries, columns, results wanted, the least share of the best that has to be
found, and for each filter a file with a byte a product, 1 where it passes. Prints a list of peers as JSON: for each filter and way the
quickest setting that finds enough, else the one that finds most. faiss filters while it searches. hnswlib would ask Python about every
product that it comes across, and usearch's Python has no filter: both are asked for more, and what does not pass is dropped.
"""

import importlib.metadata
import json
import sys
import time

import hnswlib
import numpy as np
from usearch.index import Index

try:
    import faiss
except ImportError:
    faiss = None

WIDTHS = [32, 64, 128, 256, 512, 1024, 2048, 4096]


def timed(ask, n):
    """CPU milliseconds a query, over at least half a second, and what was found."""
    found = ask()
    started, rounds = time.process_time(), 0
    while rounds == 0 or time.process_time() - started < 0.5:
        ask()
        rounds += 1
    return 1e3 * (time.process_time() - started) / (n * rounds), found


def built(make):
    started = time.process_time()
    index = make()
    return time.process_time() - started, index


def by_hnswlib(products):
    graph = hnswlib.Index(space="ip", dim=products.shape[1])
    graph.init_index(max_elements=len(products), ef_construction=200, M=16)
    graph.set_num_threads(1)
    graph.add_items(products, num_threads=1)
    return graph


def by_usearch(products):
    index = Index(ndim=products.shape[1], metric="ip", dtype="f32", connectivity=16, expansion_add=128, expansion_search=64)
    index.add(np.arange(len(products)), products, threads=1)
    return index


def by_faiss_graph(products):
    index = faiss.IndexHNSWFlat(products.shape[1], 16, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = 128
    index.add(products)
    return index


def by_faiss_lists(products):
    columns, lists = products.shape[1], round(len(products) ** 0.5)
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(columns), columns, lists, faiss.METRIC_INNER_PRODUCT)
    index.train(products)
    index.add(products)
    return index


def by_faiss_all(products):
    index = faiss.IndexFlatIP(products.shape[1])
    index.add(products)
    return index


def main():
    products, queries, columns, top, least = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
    products = np.fromfile(products, dtype=np.float32).reshape(-1, columns)
    queries = np.fromfile(queries, dtype=np.float32).reshape(-1, columns)
    filters = [np.fromfile(file, dtype=np.uint8).astype(bool) for file in sys.argv[6:]]
    products_of_all = queries @ products.T
    peers = []

    def dropped(keys, passes):
        keep = passes[keys]
        keep &= np.cumsum(keep, axis=1) <= top
        return [row[kept] for row, kept in zip(keys, keep)]

    def more_of_hnswlib(graph, width, passes):
        graph.set_ef(max(width, top))
        if passes.all():
            return lambda: graph.knn_query(queries, k=top, num_threads=1)[0]
        return lambda: dropped(graph.knn_query(queries, k=width, num_threads=1)[0], passes)

    def more_of_usearch(index, width, passes):
        index.expansion_search = max(width, top)
        if passes.all():
            return lambda: index.search(queries, top, threads=1).keys
        return lambda: dropped(index.search(queries, width, threads=1).keys.astype(np.int64), passes)

    def selected(passes):
        if passes.all():
            return {}
        bits = np.packbits(passes, bitorder="little")
        return {"sel": faiss.IDSelectorBitmap(len(passes), faiss.swig_ptr(bits)), "bits": bits}

    def faiss_with(params):
        def search(index, width, passes):
            selection = selected(passes)
            asked = params(width, {name: value for name, value in selection.items() if name == "sel"})
            # The bits and the selector have to live as long as the search.
            return lambda kept=selection: index.search(queries, top, params=asked)[1]

        return search

    def one_by_one(index, _, passes):
        selection = selected(passes)
        asked = faiss.SearchParameters(**{name: value for name, value in selection.items() if name == "sel"})
        # All at once would be a product of matrices, which no shopper waits for.
        return lambda kept=selection: [index.search(queries[at : at + 1], top, params=asked)[1][0] for at in range(len(queries))]

    ways = [
        ("hnswlib", "hnswlib", by_hnswlib, more_of_hnswlib, WIDTHS),
        ("usearch", "usearch", by_usearch, more_of_usearch, WIDTHS),
    ]
    if faiss is not None:
        faiss.omp_set_num_threads(1)
        graph = faiss_with(lambda width, extra: faiss.SearchParametersHNSW(efSearch=max(width, top), **extra))
        lists = faiss_with(lambda width, extra: faiss.SearchParametersIVF(nprobe=width, **extra))
        ways += [
            ("faiss graph", "faiss-cpu", by_faiss_graph, graph, WIDTHS),
            ("faiss lists", "faiss-cpu", by_faiss_lists, lists, [4, 8, 16, 32, 64, 128]),
            ("faiss all", "faiss-cpu", by_faiss_all, one_by_one, [0]),
        ]
    for name, package, make, search, widths in ways:
        built_s, index = built(lambda: make(products))
        for at, passes in enumerate(filters):
            scores = np.where(passes, products_of_all, -np.inf)
            wanted = min(top, int(passes.sum()))
            truth = [set(row.tolist()) for row in np.argpartition(-scores, wanted - 1, axis=1)[:, :wanted]]
            tried = []
            for width in widths:
                if width > len(products):
                    break
                ms, found = timed(search(index, width, passes), len(queries))
                recall = sum(len(best & set(row.tolist())) for best, row in zip(truth, found)) / (wanted * len(truth))
                tried.append({"width": width, "ms": ms, "recall": recall})
                if recall >= least:
                    break
            best = max(tried, key=lambda t: (t["recall"] >= least, t["recall"]))
            version = importlib.metadata.version(package)
            peers.append({"name": name, "version": version, "filter": at, "built_s": built_s, **best})
        del index
    json.dump(peers, sys.stdout)


main()
