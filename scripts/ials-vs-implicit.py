#!/usr/bin/env python3
"""Implicit ALS at equal loss: this repository beside the library `implicit`, CPU seconds of both.

    pip install implicit==0.7.3 numpy scipy
    cargo build --release -p recommend --example ials_speed
    OPENBLAS_NUM_THREADS=1 scripts/ials-vs-implicit.py FOLDER [FACTORS [ALPHA [REG [SOLVER]]]]

FOLDER holds train.txt.gz and valid.txt.gz, a line a shopper. `implicit` counts a cell as alpha * weight, we
as 1 + alpha * weight, so it gets alpha + 1. Both loss figures are the same formula in double precision. One
thread each. A row: sweeps and CPU seconds of the peer, its loss, our CPU seconds to the same loss
(interpolated between our sweeps), ratio.
"""
import gzip, math, os, subprocess, sys, time
import numpy as np
import scipy.sparse as sp
from implicit.cpu.als import AlternatingLeastSquares

folder = sys.argv[1]
factors, alpha, reg = int((sys.argv[2:3] or ["64"])[0]), float((sys.argv[3:4] or ["1"])[0]), float((sys.argv[4:5] or ["0.05"])[0])
solver = (sys.argv[5:6] or ["cg2"])[0]
target = os.environ.get("CARGO_TARGET_DIR", "target")

rows, columns = [], []
for name in ("train", "valid"):
    for line in gzip.open(f"{folder}/{name}.txt.gz", "rt"):
        shopper, *items = map(int, line.split())
        rows += [shopper] * len(items)
        columns += items
cells = sp.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)))
cells.sum_duplicates()
cells.data[:] = 1
where = cells.tocoo()


def loss(x, y):
    x, y = x.astype(np.float64), y.astype(np.float64)
    gx, gy = x.T @ x, y.T @ y
    total = (gx * gy).sum() + reg * (np.trace(gx) + np.trace(gy))
    for a in range(0, where.nnz, 100_000):
        s = np.einsum("ij,ij->i", x[where.row[a:a + 100_000]], y[where.col[a:a + 100_000]])
        total += ((1 + alpha) * (1 - s) ** 2 - s * s).sum()
    return total


peer = AlternatingLeastSquares(factors=factors, regularization=reg, alpha=1 + alpha, iterations=1, num_threads=1, random_state=1)
theirs, spent = [], 0.0
for sweep in range(1, 16):
    start = time.process_time()
    peer.fit(cells, show_progress=False)
    spent += time.process_time() - start
    theirs.append((sweep, spent, loss(peer.user_factors, peer.item_factors)))
start = time.process_time()
peer.recommend(np.arange(cells.shape[0]), cells, N=100, filter_already_liked_items=True)
their_top = time.process_time() - start

out = subprocess.run(
    [f"{target}/release/examples/ials_speed", folder, str(factors), str(alpha), str(reg), solver],
    env={**os.environ, "RAYON_NUM_THREADS": "1"}, check=True, capture_output=True, text=True).stdout
ours = [(float(l.split()[3]), float(l.split()[5])) for l in out.splitlines() if l.startswith("sweeps")]
our_top = float(next(l for l in out.splitlines() if l.startswith("top100")).split()[2])


def our_seconds(goal):
    for (t0, l0), (t1, l1) in zip(ours, ours[1:]):
        if l0 >= goal >= l1:
            return t0 + (t1 - t0) * (l0 - goal) / (l0 - l1)
    return ours[0][0] if goal > ours[0][1] else math.nan


print(f"{folder}  {cells.shape[0]} x {cells.shape[1]}, {cells.nnz} cells, {factors} factors, {solver}")
print("peer sweeps   peer CPU s       loss   our CPU s   ratio")
for sweep, seconds, value in theirs:
    mine = our_seconds(value)
    print(f"{sweep:11} {seconds:12.2f} {value:10.0f} {mine:11.2f} {seconds / mine:7.2f}")
print(f"top 100 of all: peer {their_top:.2f}, ours {our_top:.2f} CPU s, ratio {their_top / our_top:.2f}")
