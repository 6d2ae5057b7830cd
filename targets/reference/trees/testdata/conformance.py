"""Runs Python's xgboost for the tests of this package.

    conformance.py predict MODEL ROWS OUT   predict every row of ROWS with MODEL
    conformance.py train   MODEL ROWS OUT   train MODEL, write rows of its own to
                                            ROWS, and predict them

ROWS and OUT are text, one row per line, values separated by commas, nan for a
missing one. OUT holds probabilities of class 1.
"""

import sys

import numpy as np
import xgboost


def write(path, values):
    np.savetxt(path, values, fmt="%.9g", delimiter=",")


def predict(model, rows, out):
    booster = xgboost.Booster(model_file=model)
    values = np.loadtxt(rows, delimiter=",", dtype=np.float32, ndmin=2)
    matrix = xgboost.DMatrix(values, feature_names=booster.feature_names)
    write(out, booster.predict(matrix))
    # A model that only predicts could still lack what the rest of xgboost needs.
    contributions = booster.predict(matrix, pred_contribs=True)
    margins = booster.predict(matrix, output_margin=True)
    np.testing.assert_allclose(contributions.sum(axis=1), margins, atol=1e-3)
    assert len(booster.get_score(importance_type="gain")) > 0
    assert len(booster.get_dump(with_stats=True)) == booster.num_boosted_rounds() > 0


def train(model, rows, out):
    rng = np.random.default_rng(1)
    values = rng.normal(size=(4000, 6)).astype(np.float32)
    values[:, 5] = rng.integers(0, 4, size=4000)
    values[rng.random(values.shape) < 0.1] = np.nan
    signal = np.nan_to_num(values[:, 0]) * np.nan_to_num(values[:, 1]) + np.isnan(values[:, 2])
    labels = (signal + rng.normal(scale=0.3, size=4000) > 0.3).astype(int)
    params = {"objective": "binary:logistic", "max_depth": 4, "eta": 0.3, "seed": 1, "nthread": 1}
    booster = xgboost.train(params, xgboost.DMatrix(values, label=labels), 12)
    booster.save_model(model)
    write(rows, values[:200])
    write(out, booster.predict(xgboost.DMatrix(values[:200])))


if __name__ == "__main__":
    {"predict": predict, "train": train}[sys.argv[1]](*sys.argv[2:])
