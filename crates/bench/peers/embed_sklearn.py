"""Vectors of texts by scikit-learn, for `bench embed --python PYTHON`.

Arguments: a file with one text a line, how many directions. Rows of letters within words weighed by TF-IDF, their leading directions by
randomised singular vectors, as ours. Prints one JSON line: CPU seconds of learning and of encoding all texts once more.
BLAS may use as many threads as it likes: CPU seconds are counted.
"""

import json
import sys
import time

import sklearn
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

with open(sys.argv[1], encoding="utf-8") as lines:
    texts = [line.rstrip("\n") for line in lines]
start = time.process_time()
rows = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=2, sublinear_tf=True)
svd = TruncatedSVD(n_components=int(sys.argv[2]), algorithm="randomized", random_state=0)
svd.fit(rows.fit_transform(texts))
learnt = time.process_time() - start
start = time.process_time()
svd.transform(rows.transform(texts))
encoded = time.process_time() - start
print(json.dumps({"version": sklearn.__version__, "learnt_s": learnt, "encoded_s": encoded}))
