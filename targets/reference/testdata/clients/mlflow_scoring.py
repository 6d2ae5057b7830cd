"""Drives the reference server with MLflow's own scoring client: mlflow_scoring.py URL.

The server serves a model "sum" of any width, whose probability of class 1 is
the sum of the features.
"""

import sys
import urllib.parse

import numpy as np
import pandas as pd
from mlflow.pyfunc.scoring_server.client import ScoringServerClient

ROWS = np.array([[0.5, 0.25], [0.125, 0.0]], dtype=np.float32)


def check_invoke(client, data):
    answer = client.invoke(data).get_predictions()
    assert answer["label"].tolist() == [1, 0], answer
    assert answer["probabilities"].tolist() == [[0.25, 0.75], [0.875, 0.125]], answer


def main():
    url = urllib.parse.urlsplit(sys.argv[1])
    client = ScoringServerClient(url.hostname, url.port)
    client.wait_server_ready(timeout=30)
    assert client.get_version()
    check_invoke(client, pd.DataFrame(ROWS, columns=["a", "b"]))  # dataframe_split
    check_invoke(client, ROWS)  # inputs
    check_invoke(client, ROWS.tolist())
    answer = client.invoke(ROWS, params={"anything": "goes"})
    assert len(answer["predictions"]) == 2, answer
    try:
        client.invoke(np.array([["a", "b"]]))
    except Exception as refused:
        assert "error code 400" in str(refused) and "BAD_REQUEST" in str(refused), refused
    else:
        raise AssertionError("text is not refused")
    print("all checks passed")


main()
