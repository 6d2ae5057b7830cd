"""Trains a pipeline of scikit-learn on credit.csv: loans.joblib, and loans.csv with what it says
to each row."""

import joblib
import pandas
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

loans = pandas.read_csv("credit.csv", keep_default_na=False)
numbers, words = ["salary", "age", "loan"], ["elevel", "car", "zipcode"]
columns = make_column_transformer((StandardScaler(), numbers), (OneHotEncoder(handle_unknown="ignore"), words))
model = make_pipeline(columns, LogisticRegression(max_iter=500)).fit(loans[numbers + words], loans["label"])
joblib.dump(model, "loans.joblib")
loans["prediction"] = model.predict(loans[numbers + words])
loans.to_csv("loans.csv", index=False)
