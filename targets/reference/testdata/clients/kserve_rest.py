"""Drives the reference server with KServe's own client over REST: kserve_rest.py URL.

The server serves a model "sum" of any width, whose probability of class 1 is
the sum of the features.
"""

import asyncio
import sys

import httpx
import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest
from kserve.inference_client import RESTConfig

ROWS = np.array([[0.5, 0.25], [0.125, 0.0]], dtype=np.float32)


def request(model, binary):
    features = InferInput("features", list(ROWS.shape), "FP32")
    features.set_data_from_numpy(ROWS, binary_data=binary)
    return InferRequest(model, [features], request_id="r-1")


async def check_v2(url):
    client = InferenceRESTClient(RESTConfig(protocol="v2", retries=0, timeout=30))
    assert await client.is_server_live(url)
    assert await client.is_server_ready(url)
    assert await client.is_model_ready(url, "sum")
    assert not await client.is_model_ready(url, "nope")
    for binary in (False, True):
        answer = await client.infer(url, request("sum", binary), model_name="sum")
        assert answer.id == "r-1", answer.id
        outputs = {output.name: output.as_numpy() for output in answer.outputs}
        np.testing.assert_array_equal(outputs["label"], np.array([1, 0], dtype=np.int64))
        np.testing.assert_array_equal(outputs["probability"], ROWS.sum(axis=1))
    try:
        await client.infer(url, request("nope", binary=False), model_name="nope")
    except httpx.HTTPStatusError as refused:
        assert refused.response.status_code == 404, refused
        assert 'unknown model "nope"' in str(refused), refused
    else:
        raise AssertionError("an unknown model is not refused")
    await client.close()


async def check_v1(url):
    """KServe's first protocol, which is TensorFlow Serving's predict."""
    client = InferenceRESTClient(RESTConfig(protocol="v1", retries=0, timeout=30))
    assert await client.is_model_ready(url, "sum")
    answer = await client.infer(url, {"instances": ROWS.tolist()}, model_name="sum")
    assert answer == {"predictions": [[0.25, 0.75], [0.875, 0.125]]}, answer
    try:
        await client.infer(url, {"instances": ROWS.tolist()}, model_name="nope")
    except httpx.HTTPStatusError as refused:
        assert refused.response.status_code == 404, refused
    else:
        raise AssertionError("an unknown model is not refused")
    await client.close()


async def main():
    await check_v2(sys.argv[1])
    await check_v1(sys.argv[1])
    print("all checks passed")


asyncio.run(main())
