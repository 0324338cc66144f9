"""Lists what lies under a prefix of a bucket with boto3, as JSON: the SHA-256 of
each object by its key. python read_artifacts.py ENDPOINT BUCKET PREFIX; the
credentials are AWS's environment variables."""
import hashlib
import json
import sys

import boto3
from botocore.config import Config

endpoint, bucket, prefix = sys.argv[1:]
s3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", config=Config(s3={"addressing_style": "path"}))
found = {}
for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
    for entry in page.get("Contents", []):
        body = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
        found[entry["Key"]] = hashlib.sha256(body).hexdigest()
print(json.dumps(found))
