"""Runs Python's xgboost for the tests of this package.

    conformance.py predict MODEL ROWS OUT   predict every row of ROWS with MODEL
    conformance.py train   MODEL ROWS OUT   train MODEL, write rows of its own to
                                            ROWS, and predict them
    conformance.py early   MODEL ROWS OUT   the same with a random forest a round
                                            and an early stop
    conformance.py classes MODEL ROWS OUT   the same with three classes, two trees
                                            of each a round, and an early stop
    conformance.py values  MODEL ROWS OUT   the same with a regression
    conformance.py kinds   FOLDER           train a model of every kind and objective,
                                            write them, rows and predictions
    conformance.py committed FOLDER OUT     predict with every model that kinds wrote
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


# What a model is trained for, with the labels that fit.
OBJECTIVES = {
    "binary:logistic": "class", "binary:logitraw": "class", "binary:hinge": "class", "reg:logistic": "share",
    "reg:squarederror": "value", "reg:linear": "value", "reg:squaredlogerror": "positive", "reg:pseudohubererror": "value",
    "reg:absoluteerror": "value", "reg:quantileerror": "value",
    "count:poisson": "positive", "reg:gamma": "positive", "reg:tweedie": "positive",
    "survival:cox": "positive", "survival:aft": "positive",
    "rank:pairwise": "class", "rank:ndcg": "class", "rank:map": "class",
    "multi:softprob": "classes", "multi:softmax": "classes",
}


def mixed(n):
    """Rows of two numbers and two categories, of 3 and of 12, each missing at times."""
    rng = np.random.default_rng(7)
    rows = rng.normal(size=(n, 4)).astype(np.float32)
    rows[:, 2], rows[:, 3] = rng.integers(0, 3, size=n), rng.integers(0, 12, size=n)
    signal = rows[:, 0] + (rows[:, 2] == 1) * rows[:, 1] + np.sin(rows[:, 3] * 2.4) + rng.normal(scale=0.3, size=n)
    rows[rng.random(rows.shape) < 0.1] = np.nan
    return rows, signal


def labelled(matrix, signal, kind):
    matrix.set_label({
        "class": signal > 0.2, "share": 1 / (1 + np.exp(-signal)), "value": 10 + 3 * signal,
        "positive": np.round(np.exp(signal / 2)) + 1, "classes": np.digitize(signal, [-0.6, 0.6]),
    }[kind].astype(np.float32))
    return matrix


def kinds(folder):
    rows, signal = mixed(440)
    learn, ask = rows[:400], rows[400:]
    # Beyond what was learned: unknown categories, fractions of them, and extremes.
    ask[:6, 3] = [12, 40, -1, 2.5, 1e9, -0.5]
    ask[6:8, 0] = [1e30, -1e30]
    numbers, categories = None, ["q", "q", "c", "c"]
    base = {"max_depth": 3, "eta": 0.6, "seed": 1, "nthread": 1, "tree_method": "hist"}
    forms = {
        "dart": ("binary:logistic", numbers, {"booster": "dart", "rate_drop": 0.5}),
        "dart-classes": ("multi:softprob", numbers, {"booster": "dart", "rate_drop": 0.5, "num_class": 3, "max_depth": 2}),
        "dart-forest": ("reg:squarederror", numbers, {"booster": "dart", "rate_drop": 0.5, "num_parallel_tree": 2, "subsample": 0.7}),
        "onehot": ("binary:logistic", categories, {"max_cat_to_onehot": 100}),
        "partition": ("reg:squarederror", categories, {"max_cat_to_onehot": 1}),
        "categories-classes": ("multi:softprob", categories, {"max_cat_to_onehot": 4, "num_class": 3, "max_depth": 2}),
        "categories-dart": ("binary:logistic", categories, {"max_cat_to_onehot": 4, "booster": "dart", "rate_drop": 0.5}),
    }
    for objective in OBJECTIVES:
        more = {"max_depth": 2, "num_class": 3} if objective.startswith("multi:") else {"max_depth": 2}
        if objective == "binary:logitraw" or objective.startswith(("reg:g", "survival:aft")):
            more["base_score"] = 0.3
        forms[objective.replace(":", "-")] = (objective, numbers, more)
    written = {}
    for name, (objective, types, more) in forms.items():
        plain = objective.replace(":", "-")
        matrix = xgboost.DMatrix(learn, feature_types=types, enable_categorical=types is not None)
        labelled(matrix, signal[:400], OBJECTIVES[objective])
        if objective == "survival:aft":
            matrix.set_float_info("label_lower_bound", matrix.get_label())
            matrix.set_float_info("label_upper_bound", matrix.get_label() + 1)
        if objective.startswith("rank:"):
            matrix.set_group([40] * 10)
        if objective == "reg:quantileerror":
            more = dict(more, quantile_alpha=0.7)
        try:
            booster = xgboost.train(dict(base, objective=objective, **more), matrix, 2 if name == plain else 3)
        except xgboost.core.XGBoostError as e:
            assert "nknown objective" in str(e), e
            print(xgboost.__version__, "has no", objective)
            continue
        for extension in (".ubj",) if name == plain else (".json", ".ubj"):
            booster.save_model(os.path.join(folder, name + extension))
        written[name] = predictions(booster, ask, types)
    write(os.path.join(folder, "rows.csv"), ask)
    save(os.path.join(folder, "predictions.csv"), written)


def predictions(booster, rows, types):
    # Of softmax the probabilities, which the trees give, and not the class alone.
    if "multi:softmax" in booster.save_config():
        margins = booster.predict(xgboost.DMatrix(rows, feature_types=types), output_margin=True)
        e = np.exp(margins - margins.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)
    return booster.predict(xgboost.DMatrix(rows, feature_types=types))


def save(path, predicted):
    """Writes predictions, a line for every model: its name, and its answers row after row."""
    with open(path, "w") as f:
        for name in sorted(predicted):
            f.write(",".join([name] + ["%.9g" % v for v in predicted[name].ravel()]) + "\n")


def committed(folder, out):
    rows = np.loadtxt(os.path.join(folder, "rows.csv"), delimiter=",", dtype=np.float32)
    predicted = {}
    for name in os.listdir(folder):
        if not name.endswith(".csv"):
            booster = xgboost.Booster(model_file=os.path.join(folder, name))
            predicted[name] = predictions(booster, rows, booster.feature_types)
    save(out, predicted)


def foreign(folder):
    rng = np.random.default_rng(1)
    values = rng.normal(size=(300, 2)).astype(np.float32)
    values[:, 1] = rng.integers(0, 6, size=300)
    labels = (values[:, 1] % 2).astype(int) ^ (values[:, 0] > 0)
    params = {"objective": "binary:logistic", "max_depth": 2, "tree_method": "hist", "nthread": 1}
    path = lambda name: os.path.join(folder, name + "-" + xgboost.__version__)
    linear = {"objective": "binary:logistic", "booster": "gblinear", "nthread": 1}
    xgboost.train(linear, xgboost.DMatrix(values, label=labels), 1).save_model(path("linear") + ".ubj")
    if int(xgboost.__version__[0]) >= 2:
        several = dict(params, objective="reg:squarederror")
        pairs = xgboost.DMatrix(values, label=np.stack([labels, 1 - labels], axis=1))
        xgboost.train(several, pairs, 1).save_model(path("targets") + ".ubj")
        several["multi_strategy"] = "multi_output_tree"
        xgboost.train(several, pairs, 1).save_model(path("vector-leaf") + ".ubj")
        quantiles = dict(params, objective="reg:quantileerror", quantile_alpha=[0.2, 0.8])
        xgboost.train(quantiles, xgboost.DMatrix(values, label=labels), 1).save_model(path("quantiles") + ".ubj")
    booster = xgboost.train(params, xgboost.DMatrix(values, label=labels), 1)
    for extension in ".bin", ".deprecated":
        booster.save_model(path("model") + extension)
    with open(path("booster") + ".pkl", "wb") as f:
        pickle.dump(booster, f)
    booster.dump_model(path("dump") + ".json", dump_format="json")
    booster.dump_model(path("dump") + ".txt")
    with open(path("config") + ".json", "w") as f:
        f.write(booster.save_config())


if __name__ == "__main__":
    {"predict": predict, "train": train, "early": early, "classes": classes, "values": values,
     "kinds": kinds, "committed": committed, "foreign": foreign}[sys.argv[1]](*sys.argv[2:])
