"""Peer of learn's example `text_accuracy`: TF-IDF over letters in a row and logistic regression, on the same split.

    python sentiment_sklearn.py FOLDER     # with online_shopping_10_cats/ and m_absa/

Needs scikit-learn (measured with 1.9.1). The split of online_shopping_10_cats goes by FNV-1a of the text, so that equal texts
lie in one part: below 26 of 256 validation, below 77 test, the rest training. C is chosen on validation.
M-ABSA comes split; a sentence counts where all its polarities are positive or all are negative.
"""

import csv
import gzip
import io
import re
import resource
import sys
from collections import defaultdict

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression


def part(text):
    h = 0xCBF29CE484222325
    for b in text.encode():
        h = ((h ^ b) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    byte = (h >> 32) & 0xFF
    return "validation" if byte < 26 else "test" if byte < 77 else "train"


def shopping(folder):
    parts = defaultdict(list)
    path = f"{folder}/online_shopping_10_cats/online_shopping_10_cats.csv.gz"
    with io.TextIOWrapper(gzip.open(path), "utf-8", newline="") as f:
        for row in csv.DictReader(f):
            if row["review"].strip():
                parts[part(row["review"])].append((row["review"], int(row["label"]), "zh"))
    return parts


def absa(folder):
    parts = defaultdict(list)
    for name, key in [("train", "train"), ("dev", "validation"), ("test", "test")]:
        with io.TextIOWrapper(gzip.open(f"{folder}/m_absa/laptop_{name}.tsv.gz"), "utf-8") as f:
            next(f)
            for line in f:
                lang, _, sentence, triplets = line.rstrip("\n").split("\t")
                moods = set(re.findall(r"'(positive|negative|neutral)'\]", triplets))
                if moods in ({"positive"}, {"negative"}):
                    parts[key].append((sentence, int(moods == {"positive"}), lang))
    return parts


def right(model, vectors, rows):
    said = model.predict(vectors)
    return [int(s) == row[1] for s, row in zip(said, rows)]


for name, parts, ngrams, analyzer in [
    ("online_shopping_10_cats", shopping(sys.argv[1]), (1, 3), "char"),
    ("m_absa laptop", absa(sys.argv[1]), (1, 5), "char_wb"),
]:
    vectorizer = TfidfVectorizer(analyzer=analyzer, ngram_range=ngrams, min_df=2, sublinear_tf=True)
    train = vectorizer.fit_transform([r[0] for r in parts["train"]])
    held = {p: vectorizer.transform([r[0] for r in parts[p]]) for p in ("validation", "test")}
    labels = [r[1] for r in parts["train"]]
    best = None
    for c in (1.0, 4.0, 16.0):
        model = LogisticRegression(C=c, max_iter=300).fit(train, labels)
        hits = right(model, held["validation"], parts["validation"])
        accuracy = sum(hits) / len(hits)
        if best is None or accuracy > best[0]:
            best = (accuracy, c, model)
    hits = right(best[2], held["test"], parts["test"])
    majority = max(sum(r[1] for r in parts["test"]), sum(1 - r[1] for r in parts["test"])) / len(hits)
    print(f"{name}: train {len(labels)} test {len(hits)} C {best[1]} validation {best[0]:.4f} "
          f"test {sum(hits) / len(hits):.4f} majority {majority:.4f}")
    by_language = defaultdict(list)
    for hit, row in zip(hits, parts["test"]):
        by_language[row[2]].append(hit)
    if len(by_language) > 1:
        print("  " + " ".join(f"{k} {sum(v) / len(v):.3f}" for k, v in sorted(by_language.items())))
used = resource.getrusage(resource.RUSAGE_SELF)
print(f"CPU seconds {used.ru_utime + used.ru_stime:.0f}")
