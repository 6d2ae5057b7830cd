"""Invokes functions of the local Lambda with AWS's own client for Python:
boto3_lambda.py DEEDS READER SITE, the URLs of the services of three functions.

All are named "test". DEEDS and READER do what the payload wants, READER streams its
answer. SITE is a web site, which takes the events of a function URL.
"""

import base64
import json
import sys
import urllib.request

import boto3
import botocore.exceptions
from botocore.config import Config


def client(url):
    return boto3.client(
        "lambda",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=60),
    )


def check_invoke(service):
    answer = service.invoke(
        FunctionName="test", LogType="Tail", Payload=json.dumps({"Do": "log", "Text": "grüße"}).encode()
    )
    assert answer["StatusCode"] == 200, answer
    assert answer["ExecutedVersion"] == "$LATEST", answer
    assert "FunctionError" not in answer, answer
    said = json.loads(answer["Payload"].read())
    assert said["Text"] == "grüße", said
    assert said["ID"] == answer["ResponseMetadata"]["RequestId"], answer
    log = base64.b64decode(answer["LogResult"]).decode()
    assert "\ngrüße\n" in log, log
    assert "REPORT RequestId: " + said["ID"] in log, log


def check_function_error(service):
    answer = service.invoke(FunctionName="test", Payload=b'{"Do":"fail","Text":"oh no"}')
    assert answer["StatusCode"] == 200, answer
    assert answer["FunctionError"] == "Unhandled", answer
    assert json.loads(answer["Payload"].read())["errorMessage"] == "oh no"


def check_later(service):
    assert service.invoke(FunctionName="test", InvocationType="DryRun")["StatusCode"] == 204
    assert service.invoke(FunctionName="test", InvocationType="Event", Payload=b"{}")["StatusCode"] == 202


def check_refusals(service):
    for kind, name, payload in [
        (service.exceptions.ResourceNotFoundException, "other", b"{}"),
        (service.exceptions.InvalidRequestContentException, "test", b"no JSON"),
        (service.exceptions.RequestTooLargeException, "test", b'"' + b"x" * (6 << 20) + b'"'),
    ]:
        try:
            service.invoke(FunctionName=name, Payload=payload)
        except kind:
            continue
        except botocore.exceptions.ClientError as error:
            raise AssertionError(f"{kind.__name__} expected") from error
        raise AssertionError("not refused: " + kind.__name__)


def check_stream(service):
    answer = service.invoke_with_response_stream(FunctionName="test", Payload=b'{"Do":"large","Size":1000}')
    assert answer["StatusCode"] == 200, answer
    chunks, complete = [], None
    for event in answer["EventStream"]:
        if "PayloadChunk" in event:
            chunks.append(event["PayloadChunk"]["Payload"])
        complete = event.get("InvokeComplete", complete)
    assert b"".join(chunks) == b"one " + 1000 * b"x" + b"two", chunks
    assert complete is not None and "ErrorCode" not in complete, complete


def check_site(service, url):
    event = {
        "version": "2.0",
        "rawPath": "/echo",
        "rawQueryString": "a=1",
        "headers": {"content-type": "text/plain", "host": "model.example"},
        "requestContext": {"http": {"method": "PUT", "path": "/echo", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"}},
        "body": base64.b64encode("grüße".encode()).decode(),
        "isBase64Encoded": True,
    }
    answer = service.invoke(FunctionName="test", Payload=json.dumps(event).encode())
    assert "FunctionError" not in answer, answer["Payload"].read()
    said = json.loads(answer["Payload"].read())
    assert said["statusCode"] == 200 and said["body"] == "grüße" and not said.get("isBase64Encoded"), said
    assert said["headers"]["X-Method"] == "PUT" and said["headers"]["Content-Type"] == "text/plain", said
    request = urllib.request.Request(url + "/echo", "grüße".encode(), {"Content-Type": "text/plain"}, method="PUT")
    with urllib.request.urlopen(request, timeout=60) as response:
        assert response.status == 200 and response.headers["X-Method"] == "PUT", response.headers
        assert response.read().decode() == "grüße"


def main():
    deeds, reader, site = (client(url) for url in sys.argv[1:4])
    check_invoke(deeds)
    check_function_error(deeds)
    check_later(deeds)
    check_refusals(deeds)
    check_stream(reader)
    check_site(site, sys.argv[3])
    print("all checks passed")


main()
