#!/usr/bin/env python3
"""The classifiers of scikit-learn and LightGBM on the tables that the example `predict` of `audience` writes.

    pip install scikit-learn==1.9.1 lightgbm==4.7.0
    cargo run --release -p audience --example predict DATA TABLES
    OMP_NUM_THREADS=1 scripts/peers/classifiers.py TABLES [TABLE [one]]

The same settings, rows, choice (log loss on validation rows) and marks as ours; one thread. Columns are standardised and
gaps filled with the mean and flagged for the models that multiply; trees get raw values, LightGBM and scikit-learn's trees
handle gaps themselves. Support vector machines are calibrated by Platt's curve out of three folds, as ours.
"""
import csv
import json
import sys
import time

import lightgbm
import numpy as np
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier


def table(path):
    parts, labels, rows = [], [], []
    for row in csv.reader(open(path)):
        parts.append(row[0])
        labels.append(float(row[1]))
        rows.append([float(x) if x else np.nan for x in row[2:]])
    return np.array(parts), np.array(labels), np.array(rows, np.float32)


def ready(model):
    return make_pipeline(SimpleImputer(add_indicator=True), StandardScaler(), model)


def platt(model):
    return ready(CalibratedClassifierCV(model, cv=StratifiedKFold(3, shuffle=True, random_state=7), ensemble=False))


KINDS = {
    "tree": [DecisionTreeClassifier(criterion="entropy", max_depth=d, min_samples_leaf=m, random_state=7)
             for d, m in [(3, 20), (5, 20), (7, 40)]],
    "forest": [RandomForestClassifier(300, min_samples_leaf=m, random_state=7, n_jobs=1) for m in [5, 20, 60]],
    "boosting": [lightgbm.LGBMClassifier(n_estimators=n, learning_rate=r, num_leaves=l, n_jobs=1, verbose=-1, random_state=7)
                 for n, r, l in [(100, .1, 31), (200, .05, 8), (200, .02, 15), (400, .02, 4)]],
    "logistic": [ready(LogisticRegression(C=c, max_iter=1000)) for c in [.01, .1, 1]],
    "linear_svm": [platt(LinearSVC(C=c, loss="hinge", max_iter=20000, random_state=7)) for c in [.01, .1, 1]],
    "rbf_svm": [platt(SVC(C=c)) for c in [.3, 1]],
}


def calibration_error(p, y):
    bins = np.minimum((p * 10).astype(int), 9)
    return sum(abs(p[bins == b].mean() - y[bins == b].mean()) * (bins == b).sum() for b in set(bins)) / len(p)


out = {"sklearn": sklearn.__version__, "lightgbm": lightgbm.__version__}
DEFAULT = {"tree": 1, "forest": 0, "boosting": 0, "logistic": 2, "linear_svm": 2, "rbf_svm": 1}
if sys.argv[3:] == ["one"]:
    KINDS = {kind: [settings[DEFAULT[kind]]] for kind, settings in KINDS.items()}
for name in sys.argv[2:3] or ["online_shoppers", "retail_churn"]:
    parts, y, x = table(f"{sys.argv[1]}/{name}.csv")
    test, train, valid = parts == "test", parts == "train", parts == "validation"
    out[name] = {}
    for kind, settings in KINDS.items():
        start = time.process_time()
        losses = [log_loss(y[valid], m.fit(x[train], y[train]).predict_proba(x[valid])[:, 1]) for m in settings]
        searched = time.process_time() - start
        model = settings[int(np.argmin(losses))]
        start = time.process_time()
        model.fit(x[~test], y[~test])
        fitted = time.process_time() - start
        p = model.predict_proba(x[test])[:, 1]
        out[name][kind] = {
            "setting": int(np.argmin(losses)), "validation_log_loss": min(losses), "auc": roc_auc_score(y[test], p),
            "log_loss": log_loss(y[test], p), "brier": brier_score_loss(y[test], p),
            "calibration_error": calibration_error(p, y[test]), "search_cpu_s": searched, "fit_cpu_s": fitted,
        }
print(json.dumps(out, indent=1))
