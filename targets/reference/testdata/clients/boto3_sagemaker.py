"""Invokes the models of the reference server with AWS's own client for Python, as
endpoints of SageMaker: boto3_sagemaker.py URL.

The server serves a model "sum" of any width, whose probability of class 1 is
the sum of the features.
"""

import json
import sys

import boto3
import botocore.exceptions
from botocore.config import Config


def check_json(runtime):
    body = json.dumps({"instances": [{"features": [0.5, 0.25]}, {"features": [0.125, 0]}]})
    for options in [{"ContentType": "application/json"}, {}, {"ContentType": "application/json", "Accept": "application/json"}]:
        answer = runtime.invoke_endpoint(EndpointName="sum", Body=body, **options)
        assert answer["ContentType"] == "application/json", answer
        predictions = json.loads(answer["Body"].read())["predictions"]
        assert [p["predicted_label"] for p in predictions] == [1, 0], predictions
        assert [p["score"] for p in predictions] == [[0.25, 0.75], [0.875, 0.125]], predictions


def check_csv(runtime):
    answer = runtime.invoke_endpoint(
        EndpointName="sum",
        Body="0.5,0.25\n0.125,0\n",
        ContentType="text/csv",
        CustomAttributes="anything",
        InferenceId="r-1",
        TargetModel="goes",
    )
    assert answer["ContentType"].startswith("text/csv"), answer
    assert answer["Body"].read().decode().splitlines() == ["0.75", "0.125"]


def check_refusals(runtime):
    try:
        runtime.invoke_endpoint(EndpointName="sum", Body="no JSON", ContentType="application/json")
    except runtime.exceptions.ModelError as refused:
        assert refused.response["OriginalStatusCode"] == 400, refused.response
        assert refused.response["OriginalMessage"], refused.response
    else:
        raise AssertionError("a body that is no JSON is not refused")
    try:
        runtime.invoke_endpoint(EndpointName="nope", Body="{}", ContentType="application/json")
    except botocore.exceptions.ClientError as refused:
        assert refused.response["Error"]["Code"] == "ValidationError", refused.response
        assert "nope" in refused.response["Error"]["Message"], refused.response
    else:
        raise AssertionError("an unknown endpoint is not refused")


def main():
    runtime = boto3.client(
        "sagemaker-runtime",
        endpoint_url=sys.argv[1],
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=60),
    )
    check_json(runtime)
    check_csv(runtime)
    check_refusals(runtime)
    print("all checks passed")


main()
