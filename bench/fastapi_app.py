"""The peer of bench/serving.py: seed 003's shape, one route that presigns a GET with boto3 behind FastAPI.

It checks a token in a dictionary and looks the key up in SQLite, which is what the smallest honest
service of this kind does for a request. Started by bench/serving.py with uvicorn, one worker a core.
"""
import os
import sqlite3

import boto3
from botocore.client import Config
from fastapi import FastAPI, Header, HTTPException

app = FastAPI()
TOKENS = {os.environ["BENCH_TOKEN"]: 1}
s3 = boto3.client(
    "s3",
    endpoint_url=os.environ["BENCH_S3"],
    aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
    aws_secret_access_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    region_name="us-east-1",
    config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
)
db = sqlite3.connect(":memory:", check_same_thread=False)
db.execute("CREATE TABLE images (id INTEGER PRIMARY KEY, key TEXT NOT NULL, owner INTEGER NOT NULL)")
db.executemany(
    "INSERT INTO images VALUES (?, ?, ?)",
    [(i, f"images/2026/11/{i:026d}.jpg", 1) for i in range(1, 1001)],
)


@app.get("/images/{image_id}/signed-url")
def signed_url(image_id: int, authorization: str = Header("")):
    user = TOKENS.get(authorization.removeprefix("Bearer "))
    if user is None:
        raise HTTPException(401, "Sign in first.")
    row = db.execute("SELECT key FROM images WHERE id = ? AND owner = ?", (image_id, user)).fetchone()
    if row is None:
        raise HTTPException(404, "There is nothing at this address.")
    url = s3.generate_presigned_url(
        "get_object", Params={"Bucket": "vitrine", "Key": row[0]}, ExpiresIn=300
    )
    return {"url": url, "expires_in": 300}
