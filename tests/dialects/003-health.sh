#!/bin/sh
# API 003, by curl.
curl -sS --fail-with-body "$HOST/health"
