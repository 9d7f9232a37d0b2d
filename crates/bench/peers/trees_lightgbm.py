"""The peer of `trees_speed`: LightGBM on the data that the example wrote.

    python3 trees_lightgbm.py TASK THREADS FOLDER

Same rounds, leaves, rate, bins and (rank) truncation, no sampling. Prints processor seconds of building the
data set, of training, of predicting, and the quality on the rows that were not learnt from, by the same formulas.
"""

import sys
import time

import lightgbm
import numpy as np


def read(folder, task, part):
    x = np.fromfile(f"{folder}/{task}_{part}_x.f32", np.float32).reshape(-1, 30)
    return x, np.fromfile(f"{folder}/{task}_{part}_y.f32", np.float32)


def ndcg(y, score, size, k):
    discount = 1 / np.log2(np.arange(size) + 2)
    total, n = 0.0, 0
    for labels, s in zip(y.reshape(-1, size), score.reshape(-1, size)):
        gain = 2.0**labels - 1
        ideal = (np.sort(gain)[::-1] * discount)[:k].sum()
        if ideal > 0:
            total += (gain[np.argsort(-s, kind="stable")] * discount)[:k].sum() / ideal
            n += 1
    return total / n


def main():
    task, threads, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    (x, y), (test_x, test_y) = read(folder, task, "train"), read(folder, task, "test")
    params = {"num_leaves": 31, "learning_rate": 0.1, "max_bin": 255, "num_threads": threads, "verbose": -1, "seed": 7}
    params |= {"objective": "binary"} if task == "binary" else {"objective": "lambdarank"}
    rounds, group = (100, None) if task == "binary" else (50, np.full(len(y) // 50, 50))
    start = time.process_time()
    data = lightgbm.Dataset(x, y, group=group, params=params).construct()
    loaded = time.process_time()
    wall = time.time()
    model = lightgbm.train(params, data, rounds)
    wall = time.time() - wall
    trained = time.process_time()
    p = model.predict(test_x, num_threads=threads)
    predicted = time.process_time()
    if task == "binary":
        quality = f"log-loss {-np.log(np.where(test_y > 0.5, p, 1 - p)).mean():.5f}"
    else:
        quality = f"nDCG@10 {ndcg(test_y, p, 50, 10):.5f}"
    times = f"load {loaded - start:.2f} + train {trained - loaded:.2f} CPU s ({wall:.2f} s)"
    print(f"{task}: {times}, predict {predicted - trained:.2f} CPU s, {quality}")


main()
