"""The peer of bench/serving.py: API 003's shape, routes that presign with boto3 behind FastAPI.

It checks a token in a dictionary. For /images/{id}/signed-url it looks the key up in SQLite, which is what
the smallest honest service of this kind does for a request; for /download-url it asks storage whether the
object is there, as the seed does; /upload-url keeps nothing. Started by bench/serving.py with uvicorn, one
worker a core.
"""
import os
import sqlite3
import uuid

import boto3
import botocore.exceptions
from botocore.client import Config
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel

EXPIRES_S = 600
TYPES = {"image/jpeg", "image/png", "application/pdf"}
TOKENS = {os.environ["BENCH_TOKEN"]: 1}

app = FastAPI()
s3 = boto3.client(
    "s3",
    endpoint_url=os.environ["BENCH_S3"],
    aws_access_key_id=os.environ["BENCH_ACCESS_KEY"],
    aws_secret_access_key=os.environ["BENCH_SECRET_KEY"],
    region_name="us-east-1",
    config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, max_pool_connections=50),
)
db = sqlite3.connect(":memory:", check_same_thread=False)
db.execute("CREATE TABLE images (id INTEGER PRIMARY KEY, key TEXT NOT NULL, owner INTEGER NOT NULL)")
db.executemany(
    "INSERT INTO images VALUES (?, ?, ?)",
    [(i, f"images/2026/11/{i:026d}.jpg", 1) for i in range(1, 1001)],
)


def signed_in(authorization: str = Header("")):
    user = TOKENS.get(authorization.removeprefix("Bearer "))
    if user is None:
        raise HTTPException(401, "Sign in first.")
    return user


@app.get("/images/{image_id}/signed-url")
def signed_url(image_id: int, user: int = Depends(signed_in)):
    row = db.execute("SELECT key FROM images WHERE id = ? AND owner = ?", (image_id, user)).fetchone()
    if row is None:
        raise HTTPException(404, "There is nothing at this address.")
    url = s3.generate_presigned_url(
        "get_object", Params={"Bucket": "vitrine", "Key": row[0]}, ExpiresIn=300
    )
    return {"url": url, "expires_in": 300}


class UploadRequest(BaseModel):
    filename: str
    content_type: str


class DownloadRequest(BaseModel):
    file_key: str


@app.post("/upload-url")
def upload_url(wanted: UploadRequest, user: int = Depends(signed_in)):
    if wanted.content_type not in TYPES:
        raise HTTPException(400, "File type not allowed")
    key = f"uploads/{uuid.uuid4()}-{wanted.filename}"
    url = s3.generate_presigned_url(
        "put_object", Params={"Bucket": "vitrine", "Key": key, "ContentType": wanted.content_type},
        ExpiresIn=EXPIRES_S
    )
    return {"presigned_url": url, "expires_in": EXPIRES_S, "file_key": key}


@app.post("/download-url")
def download_url(wanted: DownloadRequest, user: int = Depends(signed_in)):
    try:
        s3.head_object(Bucket="vitrine", Key=wanted.file_key)
    except botocore.exceptions.ClientError:
        raise HTTPException(404, "File not found") from None
    url = s3.generate_presigned_url(
        "get_object", Params={"Bucket": "vitrine", "Key": wanted.file_key}, ExpiresIn=EXPIRES_S
    )
    return {"presigned_url": url, "expires_in": EXPIRES_S, "file_key": wanted.file_key}
