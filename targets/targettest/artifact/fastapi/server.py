"""A model of scikit-learn behind FastAPI, as many are served: on HOST and PORT, with WEB_CONCURRENCY processes."""

import os
import pathlib
import time

import joblib
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
model = joblib.load(pathlib.Path(__file__).with_name("model.joblib"))


class Flower(BaseModel):
    features: list[float]


@app.get("/health")
def health():
    return {"status": "ok"}


@app.post("/predict")
def predict(flower: Flower):
    probabilities = model.predict_proba([flower.features])[0]
    return {"label": int(probabilities.argmax()), "probabilities": probabilities.tolist()}


@app.get("/report")
def report():
    return {
        "Env": [f"{key}={value}" for key, value in os.environ.items()],
        "Dir": os.getcwd(),
        "UID": os.getuid(),
        "GID": os.getgid(),
        "Groups": os.getgroups(),
    }


@app.post("/burn")
def burn(ms: int):
    end = time.thread_time() + ms / 1000
    while time.thread_time() < end:
        pass


if __name__ == "__main__":
    uvicorn.run(
        "server:app",
        host=os.environ["HOST"],
        port=int(os.environ["PORT"]),
        workers=int(os.environ.get("WEB_CONCURRENCY", "1")),
        # Otherwise a worker that imports for more than 5 s is taken for dead, and replaced.
        timeout_worker_healthcheck=300,
        log_level="warning",
    )
