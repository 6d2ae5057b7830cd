"""Runs Python's xgboost for the tests of this package.

    conformance.py predict MODEL ROWS OUT   predict every row of ROWS with MODEL
    conformance.py train   MODEL ROWS OUT   train MODEL, write rows of its own to
                                            ROWS, and predict them
    conformance.py early   MODEL ROWS OUT   the same with a random forest a round
                                            and an early stop
    conformance.py classes MODEL ROWS OUT   the same with three classes, two trees
                                            of each a round, and an early stop
    conformance.py values  MODEL ROWS OUT   the same with a regression
    conformance.py foreign FOLDER           write models that servebench refuses

ROWS and OUT are text, one row per line, values separated by commas, nan for a
missing one. OUT holds probabilities of class 1; of early those of XGBClassifier
and of Booster.predict; of classes those of all three; of values what the regression
says.
"""

import os
import pickle
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
    assert len(booster.get_dump(with_stats=True)) >= booster.num_boosted_rounds() > 0


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


def early(model, rows, out):
    rng = np.random.default_rng(1)
    values = rng.normal(size=(1000, 4)).astype(np.float32)
    values[rng.random(values.shape) < 0.1] = np.nan
    signal = np.nan_to_num(values[:, 0]) * np.nan_to_num(values[:, 1]) + np.isnan(values[:, 2])
    labels = (signal + rng.normal(size=1000) > 0.3).astype(int)
    params = {"objective": "binary:logistic", "max_depth": 2, "eta": 0.7, "seed": 1, "nthread": 1,
              "num_parallel_tree": 2, "subsample": 0.7}
    known = xgboost.DMatrix(values[:200], label=labels[:200])
    valid = xgboost.DMatrix(values[200:900], label=labels[200:900])
    booster = xgboost.train(params, known, 40, evals=[(valid, "valid")], early_stopping_rounds=4, verbose_eval=False)
    booster.save_model(model)
    classifier = xgboost.XGBClassifier()
    classifier.load_model(model)
    loaded = xgboost.Booster(model_file=model)
    assert loaded.num_boosted_rounds() == int(loaded.attr("best_iteration")) + 1 + 4
    write(rows, values[900:])
    both = classifier.predict_proba(values[900:])[:, 1], loaded.predict(xgboost.DMatrix(values[900:]))
    write(out, np.stack(both, axis=1))


def table(seed, n):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, 4)).astype(np.float32)
    values[rng.random(values.shape) < 0.1] = np.nan
    signal = np.nan_to_num(values[:, 0]) * np.nan_to_num(values[:, 1]) + np.isnan(values[:, 2])
    return values, signal + rng.normal(scale=0.3, size=n)


def classes(model, rows, out):
    values, signal = table(1, 1100)
    labels = np.digitize(signal, [-0.4, 0.5])
    params = {"objective": "multi:softprob", "num_class": 3, "max_depth": 2, "eta": 0.9, "seed": 1, "nthread": 1,
              "num_parallel_tree": 2, "subsample": 0.7}
    known = xgboost.DMatrix(values[:300], label=labels[:300])
    valid = xgboost.DMatrix(values[300:1000], label=labels[300:1000])
    booster = xgboost.train(params, known, 40, evals=[(valid, "valid")], early_stopping_rounds=3, verbose_eval=False)
    booster.save_model(model)
    best = booster.best_iteration + 1
    assert booster.num_boosted_rounds() == best + 3
    matrix = xgboost.DMatrix(values[1000:])
    write(rows, values[1000:])
    write(out, booster.predict(matrix, iteration_range=(0, best)))


def values(model, rows, out):
    features, signal = table(2, 600)
    params = {"objective": "reg:squarederror", "max_depth": 3, "eta": 0.3, "seed": 1, "nthread": 1}
    booster = xgboost.train(params, xgboost.DMatrix(features[:500], label=100 + 20 * signal[:500]), 12)
    booster.save_model(model)
    write(rows, features[500:])
    write(out, booster.predict(xgboost.DMatrix(features[500:])))


def foreign(folder):
    rng = np.random.default_rng(1)
    values = rng.normal(size=(300, 2)).astype(np.float32)
    values[:, 1] = rng.integers(0, 6, size=300)
    labels = (values[:, 1] % 2).astype(int) ^ (values[:, 0] > 0)
    params = {"objective": "binary:logistic", "max_depth": 2, "tree_method": "hist", "nthread": 1}
    path = lambda name: os.path.join(folder, name + "-" + xgboost.__version__)
    categories = xgboost.DMatrix(values, label=labels, feature_types=["q", "c"], enable_categorical=True)
    for name, most in {"categories": 1, "onehot": 100}.items():
        xgboost.train(dict(params, max_cat_to_onehot=most), categories, 2).save_model(path(name) + ".json")
    booster = xgboost.train(params, xgboost.DMatrix(values, label=labels), 1)
    for extension in ".ubj", ".bin", ".deprecated":
        booster.save_model(path("model") + extension)
    with open(path("booster") + ".pkl", "wb") as f:
        pickle.dump(booster, f)
    booster.dump_model(path("dump") + ".json", dump_format="json")
    booster.dump_model(path("dump") + ".txt")
    with open(path("config") + ".json", "w") as f:
        f.write(booster.save_config())


if __name__ == "__main__":
    {"predict": predict, "train": train, "early": early, "classes": classes, "values": values,
     "foreign": foreign}[sys.argv[1]](*sys.argv[2:])
