"""Word vectors of gensim on the reviews of `portolan bench content --task shopping_words`, with the same settings.

python3 scripts/peers/skipgram_gensim.py online_shopping_10_cats.csv.gz [WORKERS]

Needs gensim 4, jieba and numpy. Words are cut by jieba, what holds no letter or digit is left out; that is close to the program's own
words, not the same. A review is the mean of its words' vectors, weighed by a / (a + share) with a = 0.001, and belongs to the
closest of ten centres, which four fifths of the reviews give. Cutting is not timed on either side. Prints one JSON object; time is that of
the processor, all threads together.
"""

import csv
import gzip
import hashlib
import json
import os
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import gensim
import jieba
import numpy as np
from gensim.models import FastText, Word2Vec

file, workers = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
jieba.setLogLevel(60)
EPOCHS = 5
SETTINGS = dict(vector_size=100, window=5, negative=5, sg=1, epochs=EPOCHS, alpha=0.05, sample=1e-3, min_count=5, seed=1)

with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
    records = [row for row in list(csv.reader(text))[1:] if len(row) >= 3]
kinds = np.array([row[0] for row in records])
cut = [[w for w in jieba.lcut(row[2].lower()) if any(c.isalnum() for c in w)] for row in records]
n_words = sum(map(len, cut))
test = np.array([hashlib.sha256(str(at).encode()).digest()[0] % 5 == 0 for at in range(len(cut))])


def right(words):
    """The share of the test part that lies closest to the centre of its own category."""
    share = {w: words.get_vecattr(w, "count") / n_words for w in words.key_to_index}
    rows = np.zeros((len(cut), words.vector_size))
    for at, review in enumerate(cut):
        known = [w for w in review if w in share]
        if known:
            weights = np.array([1e-3 / (1e-3 + share[w]) for w in known])
            rows[at] = weights @ words[known]
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    names = sorted(set(kinds))
    centres = np.array([rows[~test & (kinds == name)].sum(0) for name in names])
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    closest = np.array(names)[(rows[test] @ centres.T).argmax(1)]
    return float((closest == kinds[test]).mean())


said = {"gensim": gensim.__version__, "reviews": len(cut), "words": n_words, "workers": workers}
for name, learn in {
    "words": lambda: Word2Vec(cut, workers=workers, **SETTINGS),
    "letter groups": lambda: FastText(cut, workers=workers, min_n=2, max_n=2, bucket=200_000, **SETTINGS),
}.items():
    start = time.process_time()
    model = learn()
    took = time.process_time() - start
    said[name] = {"cpu_s": round(took, 2), "words_per_cpu_s": round(n_words * EPOCHS / took), "right": round(right(model.wv), 4)}
print(json.dumps(said))
