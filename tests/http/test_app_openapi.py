"""GET /openapi.json and GET /docs: valid, complete, and true."""

import copy
import json
import pathlib
import re
import urllib.parse

import jsonschema
import pytest
import requests

from app_people import PASSWORD, add_user, token_client
from app_pictures import png, upload
from harness.patience import PATIENCE_S
from harness.vitrine import ROOT

OPENAPI_3_0 = pathlib.Path("/usr/share/openapi-specification/schemas/v3.0/schema.json")
METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def document(lighttpd):
    return lighttpd.client().get("/openapi.json").json()


@pytest.fixture(scope="module")
def routes(lighttpd):
    return json.loads(lighttpd.cli("routes", "--json").stdout)


def template(path):
    return re.sub(r":([a-z]+)(\.\.\.)?", r"{\1}", path)


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert method in METHODS
            yield method, path, operation


def schemas_in(value):
    """Every JSON Schema of the document, wherever it stands."""
    if isinstance(value, dict):
        for name, part in value.items():
            if name == "schema":
                yield part
            elif name == "schemas":
                yield from part.values()
            else:
                yield from schemas_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from schemas_in(part)


def checker(document, schema):
    """A validator of `schema`; references lead into the document."""
    return jsonschema.Draft202012Validator(
        schema, resolver=jsonschema.RefResolver("", document), format_checker=jsonschema.FormatChecker())


def references(value):
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for part in value.values():
            yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


# --- valid ---


def test_it_is_served_alike_to_everyone(vitrine):
    answer = vitrine.client().get("/openapi.json")
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/json"
    assert answer.json()["openapi"].startswith("3.1")
    assert answer.json()["info"]["version"] in vitrine.cli("--version").stdout
    assert vitrine.client().request("HEAD", "/openapi.json").status_code == 200


def test_its_schemas_are_schemas(document):
    found = list(schemas_in(document))
    assert len(found) > 50
    for schema in found:
        jsonschema.Draft202012Validator.check_schema(schema)


def test_what_is_around_them_is_openapi(document):
    """OpenAPI 3.1 took JSON Schema as it is and changed little else: without schemas it is held to 3.0's own schema."""

    def without_schemas(value):
        if isinstance(value, dict):
            return {name: {} if name == "schema" else without_schemas(part) for name, part in value.items()}
        return [without_schemas(part) for part in value] if isinstance(value, list) else value

    older = without_schemas(copy.deepcopy(document))
    older["openapi"] = "3.0.3"
    older["components"]["schemas"] = {}
    del older["info"]["license"]["identifier"]  # new in 3.1
    jsonschema.Draft4Validator(json.loads(OPENAPI_3_0.read_text())).validate(older)


def test_its_references_lead_somewhere_and_every_object_is_used(document):
    found = set(references(document))
    for reference in found:
        part = document
        for name in reference.removeprefix("#/").split("/"):
            assert name in part, reference
            part = part[name]
    for kind in ("schemas", "responses"):
        for name in document["components"][kind]:
            assert f"#/components/{kind}/{name}" in found, f"{name} is described and never used"


def test_operations_have_names_tags_and_answers(document):
    ids, tags = [], {tag["name"] for tag in document["tags"]}
    for method, path, operation in operations(document):
        ids.append(operation["operationId"])
        assert re.fullmatch(r"[a-z]+[A-Za-z0-9]+", operation["operationId"])
        assert set(operation["tags"]) <= tags
        assert operation["summary"].endswith(".")
        in_path = [part["name"] for part in operation["parameters"] if part["in"] == "path"]
        assert in_path == re.findall(r"{(\w+)}", path), path
        assert any(status < "400" for status in operation["responses"]), path
        assert (method in ("get", "delete")) or "requestBody" in operation or operation["x-role"] != "anyone", path
    assert len(set(ids)) == len(ids)


# --- complete ---


def test_it_tells_of_every_route_for_programs_and_of_no_other(document, routes):
    told = {(method.upper(), path) for method, path, _ in operations(document)}
    known = {(route["method"], template(route["path"])) for route in routes if route["audience"] == "programs"}
    assert told == known


def test_the_table_and_the_document_agree(document, routes):
    for route in routes:
        if route["audience"] != "programs":
            continue
        where = f"{route['method']} {route['path']}"
        operation = document["paths"][template(route["path"])][route["method"].lower()]
        named = {part["name"] for part in operation["parameters"] if part["in"] == "query"}
        for media in operation.get("requestBody", {"content": {}})["content"].values():
            if route["body"] != "multipart":
                named |= set(media["schema"].get("properties", {}))
        assert named == set(route["params"]), where
        assert operation.get("x-body-max-bytes", 0) == route["body_max_bytes"], where
        assert (operation["security"] == []) == (route["access"] == "anyone"), where
        assert ("401" in operation["responses"]) or route["access"] == "anyone", where


def test_words_and_routes_match_one_another(document, routes):
    """Every route has words in openapi.json, every word has a route, every parameter a meaning."""
    words = json.loads((ROOT / "src" / "web" / "openapi.json").read_text())
    known = {f"{route['method']} {route['path']}" for route in routes if route["audience"] == "programs"}
    assert known - set(words["operations"]) == set(), "these routes have no words in src/web/openapi.json"
    assert set(words["operations"]) - known == set(), "src/web/openapi.json speaks of routes that do not exist"
    for method, path, operation in operations(document):
        for part in operation["parameters"]:
            assert part.get("description"), f"{method} {path}: {part['name']} has no meaning in openapi.json"
        for media in operation.get("requestBody", {"content": {}})["content"].values():
            for name, schema in media["schema"].get("properties", {}).items():
                assert schema.get("description"), f"{method} {path}: {name} has no meaning in openapi.json"


# --- true ---


def test_its_examples_are_what_its_schemas_say(document):
    count = 0
    for method, path, operation in operations(document):
        contents = [answer["content"] for answer in operation["responses"].values() if "content" in answer]
        contents.append(operation.get("requestBody", {"content": {}})["content"])
        for content in contents:
            for media in content.values():
                if "example" in media:
                    count += 1
                    checker(document, media["schema"]).validate(media["example"])
    assert count > 8


def assert_told(document, answer, method, path):
    """The answer has a status, a type and a body that the document describes."""
    operation = document["paths"][path][method.lower()]
    told = operation["responses"].get(str(answer.status_code))
    assert told, f"{method} {path} answered {answer.status_code}, of which the document knows nothing"
    if "$ref" in told:
        told = document["components"]["responses"][told["$ref"].rsplit("/", 1)[1]]
    content = told["content"].get(answer.headers["Content-Type"].split(";")[0])
    assert content, f"{method} {path}: {answer.headers['Content-Type']}"
    checker(document, content["schema"]).validate(answer.json())


def test_real_answers_are_as_it_says(vitrine, document):
    program = token_client(vitrine)
    image = upload(program, png())
    number = image["id"]
    calls = (
        ("POST", "/images/presign-upload", {}, {"filename": "a.png", "filetype": "image/png"}),
        ("POST", "/images/presign-upload", {}, {"filename": "a.exe", "filetype": "application/x-msdownload"}),
        ("POST", "/images/presign-uploads", {}, {"files": [{"filename": "a.png", "filetype": "image/png"},
                                                          {"filename": "a.exe", "filetype": "x/y"}]}),
        ("POST", "/images/attempts", {}, {"attempts": [{"key": image["key"], "stage": "put", "http_status": 200}]}),
        ("POST", "/images/attempts", {}, {"attempts": [{"key": image["key"], "stage": "teleport"}]}),
        ("GET", "/images", {}, None),
        ("GET", "/images/{id}", {"id": number}, None),
        ("GET", "/images/{id}", {"id": 999999}, None),
        ("GET", "/images/{id}/signed-url", {"id": number}, None),
        ("POST", "/images/signed-urls", {}, {"ids": [number, 999999]}),
        ("POST", "/images/signed-urls", {}, {"ids": []}),
        ("PATCH", "/images/{id}", {"id": number}, {"version": 1, "title": "Boat"}),
        ("PATCH", "/images/{id}", {"id": number}, {"version": 1, "title": "Ship"}),
        ("POST", "/images/bulk", {}, {"action": "trash", "ids": [number, 999999]}),
        ("POST", "/images/bulk", {}, {"action": "burn", "ids": [number]}),
        ("GET", "/images/trash", {}, None),
        ("GET", "/images/{id}", {"id": number}, None),
        ("POST", "/images/{id}/restore", {"id": number}, None),
        ("POST", "/images/{id}/restore", {"id": 999999}, None),
        ("DELETE", "/images/{id}", {"id": number}, None),
        ("GET", "/health", {}, None),
        ("GET", "/openapi.json", {}, None),
    )
    for method, path, names, body in calls:
        assert_told(document, program.request(method, path.format(**names), json=body), method, path)
    for method, path in (("GET", "/images"), ("POST", "/images/presign-upload")):
        assert_told(document, vitrine.client().request(method, path), method, path)


def test_real_answers_of_the_other_systems_apis_are_as_it_says(vitrine, document):
    program = token_client(vitrine)
    email = add_user(vitrine)

    def call(method, path, names=None, **options):
        filled = path.format(**{name: urllib.parse.quote(str(value)) for name, value in (names or {}).items()})
        answer = program.request(method, filled, **options)
        assert_told(document, answer, method, path)
        return answer.json()

    def put(url, headers):
        answer = requests.put(url, data=png(), headers=headers, timeout=PATIENCE_S)
        assert answer.status_code == 200, answer.text

    tokens = call("POST", "/auth/signin", json={"email": email, "password": PASSWORD})
    call("POST", "/auth/signin", json={"email": email, "password": "wrong password"})
    call("POST", "/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    call("POST", "/auth/refresh", json={"refresh_token": "nonsense"})

    call("POST", "/upload", json={"fileName": "a.jpg", "fileType": "image/jpeg"})
    call("POST", "/upload", json={"fileName": "a.exe", "fileType": "x/y"})

    image = call("POST", "/api/profile/upload-image", files={"image": ("a.png", png(), "image/png")})["data"]
    call("POST", "/api/profile/upload-image", files={"image": ("a.png", b"<html>", "image/png")})
    call("GET", "/api/profile/images")
    call("GET", "/api/profile/images/{id}/signed-url", {"id": image["id"]})
    call("DELETE", "/api/profile/images/{id}", {"id": image["id"]})

    grant = call("POST", "/upload-url", json={"filename": "a.png", "content_type": "image/png"})
    call("POST", "/download-url", json={"file_key": grant["file_key"]})
    put(grant["presigned_url"], grant["headers"])
    call("POST", "/download-url", json={"file_key": grant["file_key"]})
    call("GET", "/files")
    call("DELETE", "/files/{key}", {"key": grant["file_key"]})
    call("DELETE", "/files/{key}", {"key": "uploads/of/nobody.png"})

    grant = call("POST", "/api/v1/upload/presigned", json={"filename": "a.png", "content_type": "image/png", "expires_in": 600})
    call("POST", "/api/v1/upload/presigned", json={"filename": "a.png", "content_type": "image/png", "expires_in": 0})
    put(grant["upload_url"], grant["headers"])
    for path in ("/api/v1/upload/direct", "/api/v1/upload/"):
        stored = call("POST", path, files={"file": ("b.png", png(), "image/png")})
    call("GET", "/api/v1/upload/metadata/{key}", {"key": grant["file_id"]})
    call("GET", "/api/v1/upload/download/{key}/url", {"key": stored["file_id"]})
    call("GET", "/api/v1/upload/list", params={"prefix": "uploads", "limit": 1})
    call("GET", "/api/v1/upload/health")
    call("DELETE", "/api/v1/upload/{key}", {"key": stored["file_id"]})
    program.headers["Authorization"] = "Bearer " + tokens["access_token"]
    call("POST", "/auth/signout")


# --- the page ---


def test_the_page_shows_every_operation_and_works_without_scripts(vitrine, document):
    answer = vitrine.client().get("/docs")
    assert answer.status_code == 200
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert set(re.findall(r'<script[^>]*src="([^"?]*)', answer.text)) <= {"/static/theme.js", "/static/shell.js"}
    for _, path, operation in operations(document):
        assert f'id="{operation["operationId"]}"' in answer.text
        assert f"<code>{path}</code>" in answer.text
    ids = re.findall(r' id="([^"]*)"', answer.text)
    assert len(set(ids)) == len(ids)
    for target in re.findall(r'href="#([^"]*)"', answer.text):
        assert target in ids, target


def test_a_call_of_the_page_can_be_pasted_into_a_shell(vitrine):
    import html
    import subprocess

    page = vitrine.client().get("/docs").text
    calls = [html.unescape(call) for call in re.findall(r"<code>(curl .*?)</code>", page, re.S)]
    assert len(calls) > 8
    by_path = {call.split('$api')[1].split('"')[0]: call for call in calls if call.startswith('curl "')}
    token = token_client(vitrine).headers["Authorization"]
    for path, mark in (("/images/presign-upload", '"expires_in"'), ("/images/signed-urls", '"missing"'), ("/health", '"ok"')):
        done = subprocess.run(["sh", "-c", by_path[path]], capture_output=True, text=True, timeout=PATIENCE_S, check=True,
                              env={"PATH": "/usr/bin:/bin", "api": vitrine.base_url, "auth": f"Authorization: {token}"})
        assert mark in done.stdout, done.stdout
