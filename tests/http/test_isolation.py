"""Another's image is as one that does not exist: every route, every role, every state that an image can be in.

TABLE has a row for every row of `vitrine routes`, or the first test fails. A row that names an image is
asked by everybody for each of the owner's images and for one that does not exist; who may not see it must
get the same answer, byte for byte but for the request's id. Its owner must get another one: so a row that
asks for nothing does not pass for one that is safe.
"""

import dataclasses
import json
import re
import secrets
import sqlite3

import pytest

from app_people import PASSWORD, add_user, assert_problem, token_client
from app_pictures import png, upload
from harness.dialects import jpeg, put
from harness.patience import PATIENCE_S

JSON = {"Accept": "application/json"}
ABSENT_ID = 888_888
FIRST_ID = 700_000  # so that a number in an answer is an image's, and no count or length


@dataclasses.dataclass(frozen=True)
class Image:
    """What an address or a body can say about an image. Of one that does not exist, too."""
    kind: str
    id: int
    key: str


ABSENT = Image("absent", ABSENT_ID, "uploads/2024/01/15/nothing-of-nobody.jpg")


@dataclasses.dataclass(frozen=True)
class Person:
    name: str
    program: object  # sends a bearer token
    browser: object  # has a session


# --- the table ---

@dataclasses.dataclass(frozen=True)
class One:
    """A route that names an image: `ask(person, image)`, and what its owner gets for a ready one."""
    ask: object
    mine: tuple
    admin_sees: bool = True
    is_end: bool = False  # of the image


@dataclasses.dataclass(frozen=True)
class Lists:
    """A route that lists images: nothing of another's may be in any of the answers of `ask(person, image)`."""
    ask: object
    admin_sees: bool = True


@dataclasses.dataclass(frozen=True)
class Nothing:
    """A route that no image can be named to."""
    because: str


def api(method, path, body=None, **one):
    def ask(person, image):
        filled = json.loads(json.dumps(body).replace('"ID"', str(image.id)).replace("KEY", image.key)) if body else None
        return person.program.request(method, path.replace("ID", str(image.id)).replace("KEY", image.key),
                                      json=filled, headers=JSON, allow_redirects=False)

    return One(ask, **{"mine": (200,), **one})


def page(path, fields=None, **one):
    def ask(person, image):
        address = path.replace("ID", str(image.id)).replace("KEY", image.key)
        if fields is None:
            return person.browser.get(address)
        token = person.browser.csrf("/admin/account") if person.name != "nobody" else "none"
        return person.browser.post(address, data={"csrf": token, **fields})

    return One(ask, **{"mine": (200,), **one})


def api_lists(*paths, **lists):
    return Lists(lambda person, image: [
        person.program.get(path.replace("ID", str(image.id)).replace("KEY", image.key), headers=JSON) for path in paths],
        **lists)


def bulk_page(person, image):
    """The form of the grid, and the page that tells what became of it."""
    token = person.browser.csrf("/admin/account") if person.name != "nobody" else "none"
    answer = person.browser.post("/admin/images/bulk", data={"csrf": token, "action": "restore", "ids": str(image.id)})
    return person.browser.get(answer.headers["Location"]) if answer.status_code == 303 and person.name != "nobody" else answer


UPLOADS = Nothing("makes a new image of whoever asks")
ACCOUNT = Nothing("is about who asks")

TABLE = {
    ("GET", "/"): Nothing("leads on"),
    ("GET", "/admin/account"): ACCOUNT,
    ("POST", "/admin/account/password"): ACCOUNT,
    ("POST", "/admin/account/sessions/:id/revoke"): Nothing("names a session; those of others: test_app_sessions"),
    ("POST", "/admin/account/sessions/revoke-others"): ACCOUNT,
    ("GET", "/admin/images"): Lists(lambda person, image: [
        person.browser.get(path) for path in ("/admin/images", "/admin/images?q=isolation", f"/admin/images?before={image.id + 1}",
                                              f"/admin/images?after={image.id - 1}")]),
    ("GET", "/admin/images/:id"): page("/admin/images/ID"),
    ("POST", "/admin/images/:id"): page("/admin/images/ID", {"version": "999", "title": "x"}, mine=(409,)),
    ("GET", "/admin/images/:id/delete"): page("/admin/images/ID/delete"),
    ("POST", "/admin/images/:id/delete"): page("/admin/images/ID/delete", {}, mine=(303,), is_end=True),
    ("GET", "/admin/images/:id/download"): page("/admin/images/ID/download", mine=(302,)),
    ("POST", "/admin/images/:id/restore"): page("/admin/images/ID/restore", {}, mine=(303,)),
    ("POST", "/admin/images/bulk"): One(bulk_page, (200,)),
    ("GET", "/admin/jobs"): Nothing("is for administrators; test_app_jobs"),
    ("POST", "/admin/jobs/:id/discard"): Nothing("is for administrators; test_app_jobs"),
    ("POST", "/admin/jobs/:id/retry"): Nothing("is for administrators; test_app_jobs"),
    ("GET", "/admin/trash"): Lists(lambda person, image: [
        person.browser.get(path) for path in ("/admin/trash", "/admin/trash?all=1", f"/admin/trash?cursor=9999999999-{image.id + 1}")]),
    ("GET", "/admin/trash/empty"): Nothing("counts what one may restore: test_app_trash"),
    ("POST", "/admin/trash/empty"): Nothing("names an account; what of others stays: test_app_trash"),
    ("GET", "/admin/upload"): Nothing("is a form"),
    ("POST", "/admin/upload"): UPLOADS,
    ("GET", "/admin/upload/form"): Nothing("is a form"),
    ("POST", "/admin/upload/form"): UPLOADS,
    ("GET", "/admin/upload/form/:id"): page("/admin/upload/form/ID", mine=(303,), admin_sees=False),
    ("GET", "/admin/upload/form/:id/saved"): page("/admin/upload/form/ID/saved?key=KEY", mine=(303,), admin_sees=False),
    ("GET", "/admin/uploads"): Nothing("is for admins: test_flight.py"),
    ("GET", "/admin/uploads/:id"): Nothing("is for admins: test_flight.py"),
    ("GET", "/api/profile/images"): api_lists("/api/profile/images", "/api/profile/images?before=999999", admin_sees=False),
    ("DELETE", "/api/profile/images/:id"): api("DELETE", "/api/profile/images/ID", admin_sees=False, is_end=True),
    ("GET", "/api/profile/images/:id/signed-url"): api("GET", "/api/profile/images/ID/signed-url", admin_sees=False),
    ("POST", "/api/profile/upload-image"): UPLOADS,
    ("POST", "/api/v1/upload/"): UPLOADS,
    ("DELETE", "/api/v1/upload/:key..."): api("DELETE", "/api/v1/upload/KEY", is_end=True),
    ("POST", "/api/v1/upload/direct"): UPLOADS,
    ("GET", "/api/v1/upload/download/:key..."): api("GET", "/api/v1/upload/download/KEY"),
    ("GET", "/api/v1/upload/download/:key.../url"): api("GET", "/api/v1/upload/download/KEY/url?expires_in=60"),
    ("GET", "/api/v1/upload/health"): Nothing("is about the storage"),
    ("GET", "/api/v1/upload/list"): api_lists("/api/v1/upload/list?limit=1000", "/api/v1/upload/list?prefix=KEY",
                                              "/api/v1/upload/list?prefix=uploads", "/api/v1/upload/list?cursor=images"),
    ("GET", "/api/v1/upload/metadata/:key..."): api("GET", "/api/v1/upload/metadata/KEY"),
    ("POST", "/api/v1/upload/presigned"): UPLOADS,
    ("POST", "/auth/refresh"): ACCOUNT,
    ("POST", "/auth/signin"): ACCOUNT,
    ("POST", "/auth/signout"): ACCOUNT,
    ("GET", "/docs"): Nothing("is about the routes"),
    ("POST", "/download-url"): api("POST", "/download-url", {"file_key": "KEY"}),
    ("GET", "/files"): api_lists("/files", "/files?limit=1000", "/files?cursor=images"),
    ("DELETE", "/files/:key..."): api("DELETE", "/files/KEY", is_end=True),
    ("GET", "/health"): Nothing("is about database and storage"),
    ("GET", "/i/:id"): page("/i/ID", mine=(302,)),
    ("GET", "/images"): api_lists("/images", "/images?q=isolation", "/images?before=999999", "/images?after=700000"),
    ("POST", "/images"): api("POST", "/images", {"key": "KEY"}),
    ("GET", "/images/:id"): api("GET", "/images/ID"),
    ("DELETE", "/images/:id"): api("DELETE", "/images/ID", is_end=True),
    ("PATCH", "/images/:id"): api("PATCH", "/images/ID", {"version": 999, "title": "x"}, mine=(409,)),
    ("POST", "/images/:id/restore"): api("POST", "/images/ID/restore"),
    ("GET", "/images/:id/signed-url"): api("GET", "/images/ID/signed-url"),
    ("POST", "/images/attempts"): Nothing("answers the same about every key that is not one's own: test_flight.py"),
    ("GET", "/images/multipart"): Nothing("lists one's own: test_app_parts"),
    ("POST", "/images/multipart"): UPLOADS,
    ("GET", "/images/multipart/:id"): Nothing("names an upload in parts; those of others: test_app_parts"),
    ("DELETE", "/images/multipart/:id"): Nothing("the same"),
    ("POST", "/images/multipart/:id/complete"): Nothing("the same"),
    ("POST", "/images/multipart/:id/parts"): Nothing("the same"),
    ("POST", "/images/bulk"): api("POST", "/images/bulk", {"action": "restore", "ids": ["ID"]}),
    ("POST", "/images/presign-upload"): UPLOADS,
    ("POST", "/images/presign-uploads"): UPLOADS,
    ("POST", "/images/signed-cookies"): Nothing("is for one's own folder"),
    ("GET", "/images/signed-url"): api("GET", "/images/signed-url?key=KEY"),
    ("POST", "/images/signed-urls"): api("POST", "/images/signed-urls", {"ids": ["ID"]}),
    ("GET", "/images/trash"): api_lists("/images/trash", "/images/trash?limit=200", "/images/trash?cursor=9999999999-999999"),
    ("GET", "/metrics"): Nothing("is about numbers"),
    ("GET", "/openapi.json"): Nothing("is about the routes"),
    ("GET", "/sign-in"): ACCOUNT,
    ("POST", "/sign-in"): ACCOUNT,
    ("POST", "/sign-out"): ACCOUNT,
    ("POST", "/upload"): UPLOADS,
    ("POST", "/upload-url"): UPLOADS,
}

ONES = [key for key, row in TABLE.items() if isinstance(row, One)]
LISTS = [key for key, row in TABLE.items() if isinstance(row, Lists)]
# Answered 200 with what became of each id, which is the same for others' as for none.
TOLD_OF_EACH = ("/images/signed-urls", "/images/bulk", "/admin/images/bulk")
# Asked with an id that is none, where an address has one.
NO_IDS = ("0", "-1", "-9223372036854775808", "9223372036854775808", "9" * 40, "1.5", "abc", "00000700001", "+700001", "0x1")


def name_of(key):
    return f"{key[0]} {key[1]}"


# --- who and what ---

@pytest.fixture(scope="module")
def vitrine(running):
    """One of its own: some tests end the images of others."""
    return running("lighttpd", MAX_FILE_SIZE="2MB")


def new_person(vitrine, name, role):
    if role is None:
        return Person(name, vitrine.client(), vitrine.client())
    email = add_user(vitrine, role)
    return Person(name, token_client(vitrine, email), vitrine.client().sign_in(email, PASSWORD))


@pytest.fixture(scope="module")
def people(vitrine):
    with sqlite3.connect(vitrine.data / "vitrine.db", timeout=PATIENCE_S) as database:
        database.execute("PRAGMA wal_autocheckpoint = 0")
        database.execute("DELETE FROM sqlite_sequence WHERE name = 'assets'")
        database.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('assets', ?)", (FIRST_ID,))
    return {"nobody": new_person(vitrine, "nobody", None), "viewer": new_person(vitrine, "viewer", "viewer"),
            "another": new_person(vitrine, "another", "editor"), "owner": new_person(vitrine, "owner", "editor"),
            "admin": new_person(vitrine, "admin", "admin")}


def rows(vitrine):
    with sqlite3.connect(vitrine.data / "vitrine.db", timeout=PATIENCE_S) as database:
        return database.execute("SELECT id, key, state, version, filename, owner_id FROM assets ORDER BY id").fetchall()


def id_of(vitrine, key):
    return next(row[0] for row in rows(vitrine) if row[1] == key)


def ready_image(vitrine, owner):
    image = upload(owner.program, png(comment=secrets.token_bytes(8)), filename=f"isolation-{secrets.token_hex(4)}.png")
    return Image("ready", image["id"], image["key"])


def granted(vitrine, owner, kind):
    """Of a grant without a commit call: nothing has arrived, or it has and nobody looked."""
    grant = owner.program.post("/upload-url", json={"filename": "isolation.jpg", "content_type": "image/jpeg"}).json()
    if kind == "arrived":
        assert put(grant["presigned_url"], jpeg(), "image/jpeg").status_code == 200
    return Image(kind, id_of(vitrine, grant["file_key"]), grant["file_key"])


def deleted(vitrine, owner):
    image = dataclasses.replace(ready_image(vitrine, owner), kind="deleted")
    assert owner.program.delete(f"/images/{image.id}", params={"permanent": "true"}).status_code == 200
    return image


def trashed(vitrine, owner):
    image = dataclasses.replace(ready_image(vitrine, owner), kind="trashed")
    assert owner.program.delete(f"/images/{image.id}").json()["trashed"]
    return image


def direct(vitrine, owner):
    sent = owner.program.post("/api/v1/upload/direct", files={"file": ("isolation.jpg", jpeg(), "image/jpeg")}).json()
    return Image("direct", id_of(vitrine, sent["file_id"]), sent["file_id"])


@pytest.fixture(scope="module")
def images(vitrine, people):
    owner = people["owner"]
    return [ready_image(vitrine, owner), direct(vitrine, owner), granted(vitrine, owner, "granted"),
            granted(vitrine, owner, "arrived"), deleted(vitrine, owner), trashed(vitrine, owner)]


def strangers(people, row):
    return [person for name, person in people.items() if name != "owner" and (name != "admin" or not row.admin_sees)]


def seen(answer, image):
    """Everything about an answer but the image that was asked for, the time and the request's number."""
    def scrub(text):
        text = re.sub(r'(name="server-time" content=)"[^"]*"', r"\1NOW", text)
        text = text.replace(answer.headers["X-Request-Id"], "REQUEST").replace(str(image.id), "ID")
        return text.replace(image.key, "KEY").replace(image.key.replace("/", "%2F"), "KEY")

    headers = {name: scrub(value) for name, value in answer.headers.items()
               if name not in ("Date", "X-Request-Id", "Content-Length") and not name.startswith("RateLimit")}
    body = scrub(answer.text)
    if "json" in answer.headers.get("Content-Type", ""):
        body = scrub(json.dumps(answer.json()))
    return answer.status_code, headers, body


# --- the tests ---

def test_every_route_has_a_row(vitrine):
    known = {(route["method"], route["path"]) for route in json.loads(vitrine.cli("routes", "--json").stdout)}
    assert known - set(TABLE) == set(), "routes without a row: say what each does about images of others"
    assert set(TABLE) - known == set(), "rows without a route"


@pytest.mark.parametrize("key", ONES, ids=name_of)
def test_anothers_image_is_as_one_that_does_not_exist(vitrine, people, images, key):
    before = rows(vitrine)
    row = TABLE[key]
    for person in strangers(people, row):
        absent = row.ask(person, ABSENT)
        for image in images:
            theirs = row.ask(person, image)
            assert seen(theirs, image) == seen(absent, ABSENT), f"{person.name}, {image}"
            assert theirs.status_code in (303, 401, 403, 404) or key[1] in TOLD_OF_EACH, theirs.text
    assert rows(vitrine) == before


@pytest.mark.parametrize("key", ONES, ids=name_of)
def test_its_owner_gets_another_answer(vitrine, people, key):
    row, owner = TABLE[key], people["owner"]
    image = ready_image(vitrine, owner)
    mine, absent = row.ask(owner, image), row.ask(owner, ABSENT)
    assert mine.status_code in row.mine, f"{mine.status_code} {mine.text[:300]}"
    assert seen(mine, image) != seen(absent, ABSENT)
    if row.is_end:
        assert owner.program.get(f"/images/{image.id}").status_code in (404, 410)


@pytest.mark.parametrize("key", [key for key in ONES if TABLE[key].admin_sees], ids=name_of)
def test_an_admin_gets_another_answer_where_admins_see_all(vitrine, people, key):
    row = TABLE[key]
    image = ready_image(vitrine, people["owner"])
    theirs = row.ask(people["admin"], image)
    assert theirs.status_code in row.mine, f"{theirs.status_code} {theirs.text[:300]}"
    assert seen(theirs, image) != seen(row.ask(people["admin"], ABSENT), ABSENT)


@pytest.mark.parametrize("key", LISTS, ids=name_of)
def test_lists_of_others_do_not_hold_it(vitrine, people, images, key):
    before = rows(vitrine)
    row = TABLE[key]
    for person in strangers(people, row):
        for image in images:
            for answer in row.ask(person, image):
                assert answer.status_code in (200, 303, 401) or person.name == "viewer" and answer.status_code == 403, answer.text
                body = answer.text if answer.status_code == 200 else ""
                assert image.key not in body and "isolation-" not in body, f"{person.name}, {image}"
    assert rows(vitrine) == before


@pytest.mark.parametrize("key", LISTS, ids=name_of)
def test_the_list_of_its_owner_holds_it(vitrine, people, key):
    row, owner = TABLE[key], people["owner"]
    make = direct if "v1" in key[1] else trashed if "trash" in key[1] else ready_image
    image = make(vitrine, owner)
    texts = "".join(answer.text for answer in row.ask(owner, image))
    assert image.key in texts or f"/admin/images/{image.id}" in texts


@pytest.mark.parametrize("number", NO_IDS)
@pytest.mark.parametrize("key", [key for key in ONES if ":id" in key[1]], ids=name_of)
def test_an_id_that_is_none_is_not_found(people, key, number):
    for person in people.values():
        answer = TABLE[key].ask(person, Image("none", number, ""))
        assert answer.status_code == 404, f"{person.name}: {answer.status_code} {answer.text[:300]}"
        if "json" in answer.headers["Content-Type"]:
            assert_problem(answer, 404, "not_found")


def test_the_owner_sees_what_was_left_alone(people, images):
    """After all of the strangers: what arrived is there for its owner, and is adopted now."""
    owner = people["owner"].program
    for image in images:
        status = owner.post("/download-url", json={"file_key": image.key}).status_code
        assert status == (200 if image.kind in ("ready", "direct", "arrived") else 404), image
