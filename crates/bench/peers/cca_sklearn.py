"""Canonical correlations by scikit-learn, for `bench correlate --python PYTHON`.

Arguments: file of x (rows by rows, float32, little-endian), its width, file of y, its width, directions.
Prints one JSON line: CPU seconds of the fit alone and the correlations of the transformed columns.
Made with scikit-learn 1.9.1. BLAS may use as many threads as it likes: CPU seconds are counted.
"""

import json
import sys
import time

import numpy as np
import sklearn
from sklearn.cross_decomposition import CCA

x = np.fromfile(sys.argv[1], dtype="<f4").reshape(-1, int(sys.argv[2])).astype(np.float64)
y = np.fromfile(sys.argv[3], dtype="<f4").reshape(-1, int(sys.argv[4])).astype(np.float64)
start = time.process_time()
cca = CCA(n_components=int(sys.argv[5]), scale=False, max_iter=1000)
cca.fit(x, y)
spent = time.process_time() - start
a, b = cca.transform(x, y)
correlations = [float(np.corrcoef(a[:, k], b[:, k])[0, 1]) for k in range(a.shape[1])]
print(json.dumps({"version": sklearn.__version__, "cpu_s": spent, "correlations": correlations}))
