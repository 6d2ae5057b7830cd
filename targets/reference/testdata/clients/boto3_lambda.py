"""Invokes the reference server with AWS's own client for Python, as a function of Lambda
that serves HTTP: boto3_lambda.py URL.

The server serves a model "sum" of any width, whose probability of class 1 is
the sum of the features.
"""

import json
import sys

import boto3
from botocore.config import Config


def event(path, body):
    """What a function URL makes of a POST request."""
    return json.dumps({
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "host": "function.example"},
        "requestContext": {"http": {"method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"}},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }).encode()


def invoke(function, path, body):
    answer = function.invoke(FunctionName="sum", Payload=event(path, body))
    assert answer["StatusCode"] == 200 and "FunctionError" not in answer, answer
    return json.loads(answer["Payload"].read())


def main():
    function = boto3.client(
        "lambda",
        endpoint_url=sys.argv[1],
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=60),
    )
    features = {"name": "features", "shape": [2, 2], "datatype": "FP32", "data": [0.5, 0.25, 0.125, 0]}
    answer = invoke(function, "/v2/models/sum/infer", {"id": "r-1", "inputs": [features]})
    assert answer["statusCode"] == 200, answer
    body = json.loads(answer["body"])
    assert body["id"] == "r-1", body
    outputs = {output["name"]: output["data"] for output in body["outputs"]}
    assert outputs["label"] == [1, 0] and outputs["probability"] == [0.75, 0.125], outputs

    answer = invoke(function, "/v1/models/sum:predict", {"instances": [[0.5, 0.25]]})
    assert json.loads(answer["body"]) == {"predictions": [[0.25, 0.75]]}, answer

    answer = invoke(function, "/v2/models/nope/infer", {"inputs": [features]})
    assert answer["statusCode"] == 404 and "nope" in answer["body"], answer

    try:
        function.invoke(FunctionName="sum", Payload=b"no JSON")
    except function.exceptions.InvalidRequestContentException:
        pass
    else:
        raise AssertionError("a payload that is no JSON is not refused")
    print("all checks passed")


main()
