"""k-means, Gaussian mixture and joining: this repository beside scikit-learn and scipy on the same points.

    pip install scikit-learn scipy numpy
    cargo build --release -p learn --example clusters_speed
    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 RAYON_NUM_THREADS=1 python scripts/peers/clusters.py PROGRAM FOLDER

PROGRAM is the built example, FOLDER takes its points. Ours runs first, the peers right after it, with the
threads that the three variables say. CPU seconds of both, their ratio (above 1: we are faster) and the
quality of both; prints one JSON object.
"""
import json
import subprocess
import sys
import time

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

program, folder = sys.argv[1:3]
ours = json.loads(subprocess.run([program, folder] + sys.argv[3:4], check=True, capture_output=True).stdout)
out = {}


def points(name, row):
    return np.fromfile(f"{folder}/{name}.f64").reshape(row["n"], -1)


def clocked(run):
    cpu, wall = time.process_time(), time.perf_counter()
    result = run()
    return result, time.process_time() - cpu, time.perf_counter() - wall


for task, row in ours.items():
    kind, name = task.split()
    if kind == "k-means":
        x = points(name, row)
        model = KMeans(row["k"], n_init=10, max_iter=300, tol=1e-4, random_state=7)
        fitted, cpu, wall = clocked(lambda: model.fit(x))
        quality = {"inertia": row["inertia"] / fitted.inertia_}
    elif kind == "mixture":
        x = points("mixture", row)
        shape = {"full": "full", "diagonal": "diag"}[name]
        model = GaussianMixture(5, covariance_type=shape, tol=1e-6, reg_covar=1e-6, max_iter=500, n_init=5, random_state=7)
        fitted, cpu, wall = clocked(lambda: model.fit(x))
        quality = {
            "ours": row["mean_log_likelihood"],
            "theirs": fitted.score(x),
            "bic_difference": row["bic"] - fitted.bic(x),
        }
    else:
        x = points("joins", row)
        tree, cpu, wall = clocked(lambda: linkage(x, method=name))
        difference = np.abs(np.array(row["heights"]) - tree[:, 2]).max()
        cut = fcluster(tree, 6, criterion="maxclust")
        quality = {"largest_difference": difference, "cut_agrees": adjusted_rand_score(cut, row["cut"])}
    out[task] = {
        "ours_cpu_s": round(row["cpu_s"], 3),
        "theirs_cpu_s": round(cpu, 3),
        "ratio_cpu": round(cpu / max(row["cpu_s"], 0.01), 2),
        "ratio_wall": round(wall / max(row["wall_s"], 1e-4), 2),
        **quality,
    }
print(json.dumps(out, indent=1))
