"""Trains a model of scikit-learn: iris.joblib, and iris.csv with what it says to each row."""

import csv
import json

import joblib
import numpy as np
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

iris = load_iris()
features = iris.data.astype(np.float32)  # as requests carry them
model = LogisticRegression(max_iter=500).fit(features, iris.target)
predictions = model.predict(features)
joblib.dump(model, "iris.joblib")
with open("iris.csv", "w", newline="") as file:
    rows = csv.writer(file)
    rows.writerow(["sepal_length", "sepal_width", "petal_length", "petal_width", "species", "prediction"])
    rows.writerows([*row, label, said] for row, label, said in zip(iris.data, iris.target, predictions))
# The same in the form of perf_analyzer's input.
with open("iris.json", "w") as file:
    inputs = [{"features": {"content": row.tolist(), "shape": [4]}} for row in iris.data]
    answers = [{"predict": {"content": [int(said)], "shape": [1]}} for said in predictions]
    json.dump({"data": inputs, "validation_data": answers}, file)
