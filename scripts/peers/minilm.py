#!/usr/bin/env python3
"""MiniLM by sentence-transformers beside crates/pretrained/examples/minilm.rs, one thread.

    pip install sentence-transformers
    RAYON_NUM_THREADS=1 cargo run --release -p pretrained --example minilm -- MODEL OURS.json
    OMP_NUM_THREADS=1 scripts/peers/minilm.py MODEL OURS.json

OURS.json holds sentences and our vectors of them. Prints the largest difference of a number, the smallest cosine, and
sentences per CPU second of the peer: sorted by length, batches of 32, best of three passes.
"""
import json, sys, time

import numpy as np
import torch

torch.set_num_threads(1)
from sentence_transformers import SentenceTransformer  # noqa: E402

model = SentenceTransformer(sys.argv[1], device="cpu")
ours = json.load(open(sys.argv[2]))
sentences = ours["sentences"]
theirs = model.encode(sentences, batch_size=32, normalize_embeddings=True)
mine = np.array(ours["vectors"], dtype=np.float32)
best = 0.0
for _ in range(3):
    start = time.process_time()
    model.encode(ours["speed"], batch_size=32)
    best = max(best, len(ours["speed"]) / (time.process_time() - start))
print(
    json.dumps(
        {
            "sentences": len(sentences),
            "largest_difference": float(np.abs(theirs - mine).max()),
            "smallest_cosine": float((theirs * mine).sum(1).min()),
            "per_cpu_second": round(best, 1),
            "ours_per_cpu_second": ours["per_cpu_second"],
            "ratio": round(ours["per_cpu_second"] / best, 3),
            "first": [[round(float(x), 6) for x in row[:6]] for row in theirs[:4]],
        }
    )
)
