"""Trains a model of scikit-learn: model.joblib, and rows.csv with what it says to each row."""

import csv

import joblib
import numpy as np
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

iris = load_iris()
features = iris.data.astype(np.float32)  # as requests carry them
model = LogisticRegression(max_iter=500).fit(features, iris.target)
joblib.dump(model, "model.joblib")
with open("rows.csv", "w", newline="") as file:
    rows = csv.writer(file)
    rows.writerow(["sepal_length", "sepal_width", "petal_length", "petal_width", "species", "prediction"])
    rows.writerows([*row, label, said] for row, label, said in zip(iris.data, iris.target, model.predict(features)))
