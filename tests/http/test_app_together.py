"""Many people at once: nothing breaks, nothing is lost, no change overwrites another."""

import concurrent.futures
import json

from app_people import add_user, token_client
from app_pictures import png, upload

PEOPLE = 8


def at_once(work, count=PEOPLE):
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


def test_many_upload_list_and_delete_at_once(vitrine):
    program = token_client(vitrine)
    authorization = program.headers["Authorization"]

    def work(number):
        client = vitrine.client()
        client.headers["Authorization"] = authorization
        ids = []
        for round_ in range(5):
            ids.append(upload(client, png(comment=f"{number} {round_}".encode()), f"{number}-{round_}.png")["id"])
            for path in ("/images", "/admin/images", f"/admin/images/{ids[-1]}", f"/images/{ids[-1]}/signed-url"):
                assert client.get(path).status_code == 200, path
        assert client.delete(f"/images/{ids.pop(0)}").status_code == 200
        return ids

    kept = sorted(sum(at_once(work), []))
    listed = sorted(image["id"] for image in program.get("/images?limit=200").json()["images"])
    assert kept == listed


def test_of_all_who_change_one_version_one_wins(vitrine):
    program = token_client(vitrine)
    number = upload(program, png(comment=b"race"))["id"]
    authorization = program.headers["Authorization"]

    def work(worker):
        client = vitrine.client()
        client.headers["Authorization"] = authorization
        return client.patch(f"/images/{number}", json={"version": 1, "title": f"title {worker}"}).status_code

    statuses = at_once(work)
    assert sorted(statuses) == [200] + [409] * (PEOPLE - 1)
    image = program.get(f"/images/{number}").json()["image"]
    assert image["version"] == 2 and image["title"] == f"title {statuses.index(200)}"


def test_saving_one_upload_many_times_at_once_makes_one_image(vitrine):
    program = token_client(vitrine)
    grant = program.post("/images/presign-upload", json={"filename": "a.png", "filetype": "image/png"}).json()
    put = vitrine.client().put(grant["url"], data=png(comment=b"twice"), headers=grant["headers"])
    assert put.status_code == 200, put.text
    authorization = program.headers["Authorization"]

    def work(_):
        client = vitrine.client()
        client.headers["Authorization"] = authorization
        answer = client.post("/images", json={"key": grant["key"]})
        return answer.status_code, answer.json()["image"]["id"]

    answers = at_once(work)
    assert len({number for _, number in answers}) == 1
    assert sorted(status for status, _ in answers) == [200] * (PEOPLE - 1) + [201]


def test_parallel_guesses_are_counted_too(vitrine):
    email = add_user(vitrine)

    def work(number):
        return vitrine.client().post_form("/sign-in", {"email": email, "password": f"wrong {number}"}).status_code

    statuses = at_once(work, 12)
    assert statuses.count(422) <= 5 and statuses.count(429) >= 7, statuses


def test_every_line_of_the_log_is_json(vitrine):
    lines = [line for line in vitrine.log().splitlines() if line.startswith("{")]
    assert len(lines) > 10
    for line in lines[:-1]:
        json.loads(line)
