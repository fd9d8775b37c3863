/* Uploads in parts: the plan, each end that one can have, and what is killed or lost in between. */
#include "asset_fixture.h"

#include "domain/asset_row.h"
#include "domain/asset_sweep.h"
#include "domain/multipart.h"
#include "domain/quota.h"

enum { MIB = 1024 * 1024, WEEK_S = 7 * 24 * 3600 };

/* --- the plan --- */

static void a_plan_covers_the_file_exactly_in_equal_parts(void **state)
{
    static const struct {
        int64_t size, wanted, part_size, count, last;
    } cases[] = {
        { 1, 8 * MIB, 8 * MIB, 1, 1 },
        { 8 * MIB, 8 * MIB, 8 * MIB, 1, 8 * MIB },
        { 8 * MIB + 1, 8 * MIB, 8 * MIB, 2, 1 },
        { 80000LL * MIB, 8 * MIB, 8 * MIB, 10000, 8 * MIB },
        { 80000LL * MIB + 1, 8 * MIB, 9 * MIB, 8889, 8 * MIB + 1 },
        { 80000LL * MIB + 1, 12 * MIB, 12 * MIB, 6667, 8 * MIB + 1 },
        { 10 * MIB, 1, 5 * MIB, 2, 5 * MIB },
        { MULTIPART_OBJECT_MAX_BYTES, 8 * MIB, 525 * MIB, 9987, 230 * MIB },
        { MULTIPART_OBJECT_MAX_BYTES, INT64_MAX, MULTIPART_PART_MAX_BYTES, 1024,
            MULTIPART_PART_MAX_BYTES },
    };
    struct part_plan plan;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_true(part_plan_make(cases[i].size, cases[i].wanted, &plan));
        assert_int_equal(plan.part_size, cases[i].part_size);
        assert_int_equal(plan.part_count, cases[i].count);
        assert_int_equal(part_plan_size(&plan, plan.part_count), cases[i].last);
        assert_int_equal((plan.part_count - 1) * plan.part_size + cases[i].last, cases[i].size);
        assert_int_equal(part_plan_size(&plan, 0), 0);
        assert_int_equal(part_plan_size(&plan, -1), 0);
        assert_int_equal(part_plan_size(&plan, plan.part_count + 1), 0);
    }
}

static void a_file_without_bytes_or_with_too_many_has_no_plan(void **state)
{
    struct part_plan plan;

    (void)state;
    assert_false(part_plan_make(0, 8 * MIB, &plan));
    assert_false(part_plan_make(-1, 8 * MIB, &plan));
    assert_false(part_plan_make(INT64_MIN, 8 * MIB, &plan));
    assert_false(part_plan_make(MULTIPART_OBJECT_MAX_BYTES + 1, 8 * MIB, &plan));
    assert_false(part_plan_make(INT64_MAX, 8 * MIB, &plan));
}

/* --- uploads: of 12 MiB in parts of 5 --- */

static const struct multipart_completion NO_WORDS = { 0 };

static enum status try_begin(struct task *task, struct multipart *out)
{
    const struct multipart_request request = {
        .filename = STR("valley.png"), .content_type = STR("image/png"), .size_bytes = 12 * MIB
    };

    return multipart_create(task, &request, out);
}

static struct multipart begin(struct world *world)
{
    struct multipart upload;

    world->options.multipart.part_size = 5 * MIB;
    assert_ok(try_begin(&world->task, &upload));
    fake.whole = png(world->task.arena, 640, 480, 12 * MIB);
    return upload;
}

static void arrive(const struct multipart *upload, int64_t number)
{
    fake_find_upload(upload->key, STR_EMPTY)->part[number - 1] =
        part_plan_size(&upload->plan, number);
}

static struct multipart begin_whole(struct world *world)
{
    struct multipart upload = begin(world);

    for (int64_t number = 1; number <= upload.plan.part_count; number++) {
        arrive(&upload, number);
    }
    return upload;
}

static enum status finish(struct task *task, int64_t id, bool *out_created)
{
    struct asset asset = { 0 };
    enum status status = multipart_complete(task, id, &NO_WORDS, &asset, out_created);

    if (status == STATUS_OK) {
        assert_int_equal(asset.id, id);
        assert_int_equal(asset.size_bytes, 12 * MIB);
    }
    return status;
}

static enum multipart_state state_of(struct world *world, int64_t id)
{
    struct multipart_status found;

    assert_ok(multipart_find(&world->task, id, &found));
    return found.upload.state;
}

/* Where the record stands: "open", "completed", ... */
static void record_is(struct world *world, const char *wanted)
{
    char sql[128];

    snprintf(sql, sizeof(sql), "SELECT count(*) FROM multiparts WHERE state = '%s'", wanted);
    assert_int_equal(world_number(world, sql), 1);
    assert_int_equal(world_number(world, "SELECT count(*) FROM multiparts"), 1);
}

static void quota_holds(struct world *world, int64_t pending, int64_t reserved)
{
    struct quota_state quota;

    assert_ok(quota_look(&world->task, world->editor.user_id, &quota));
    assert_int_equal(quota.pending, pending);
    assert_int_equal(quota.reserved_bytes, reserved);
}

static struct sweep_report sweep(struct world *world)
{
    struct sweep_report report;

    assert_ok(asset_sweep(world_as(world, ACTOR_SYSTEM), 1000, &report));
    world_as(world, world->editor);
    return report;
}

static void an_upload_is_recorded_before_any_of_its_urls(void **state)
{
    struct world *world = *state;
    struct multipart upload = begin(world);

    assert_int_equal(upload.plan.part_count, 3);
    assert_true(upload.needs_sha256);
    assert_int_equal(upload.expires_at, START_S + WEEK_S);
    assert_int_equal(fake.creates, 1);
    record_is(world, "open");
    assert_int_equal(
        world_number(world, "SELECT count(*) FROM multiparts WHERE upload_id = 'upload-1'"), 1);
    quota_holds(world, 1, 12 * MIB);
}

static void storage_is_told_what_the_object_will_be_and_nothing_of_one_put(void **state)
{
    struct world *world = *state;
    bool is_there;

    world->options.storage.sse = STORAGE_SSE_AES256;
    begin(world);
    assert_str(pairs_get(fake.create_headers, STR("content-type"), NULL), "image/png");
    assert_str(pairs_get(fake.create_headers, STR("x-amz-checksum-algorithm"), NULL), "SHA256");
    assert_str(pairs_get(fake.create_headers, STR("x-amz-server-side-encryption"), NULL), "AES256");
    pairs_get(fake.create_headers, STR("if-none-match"), &is_there);
    assert_false(is_there);
    pairs_get(fake.create_headers, STR("content-length"), &is_there);
    assert_false(is_there);
}

static void all_parts_make_an_image(void **state)
{
    struct world *world = *state;
    struct multipart upload = begin_whole(world);
    bool created;

    assert_ok(finish(&world->task, upload.id, &created));
    assert_true(created);
    record_is(world, "completed");
    quota_holds(world, 0, 0);
    assert_int_equal(state_of(world, upload.id), MULTIPART_SAVED);
    assert_ok(finish(&world->task, upload.id, &created));
    assert_false(created);
    assert_int_equal(fake.completes, 1);
}

static void missing_and_cut_parts_are_named_and_nothing_is_put_together(void **state)
{
    struct world *world = *state;
    struct multipart upload = begin(world);
    bool created;

    assert_int_equal(finish(&world->task, upload.id, &created), STATUS_NOT_UPLOADED);
    assert_true(world_says(world, "3 of 3 parts have not arrived whole: 1 to 3."));
    arrive(&upload, 1);
    arrive(&upload, 3);
    fake_find_upload(upload.key, STR_EMPTY)->part[1] = 5 * MIB - 1;
    assert_int_equal(finish(&world->task, upload.id, &created), STATUS_NOT_UPLOADED);
    assert_true(world_says(world, "1 of 3 parts has not arrived whole: 2. Upload it"));
    assert_int_equal(fake.completes, 0);
    arrive(&upload, 2);
    fake_find_upload(upload.key, STR_EMPTY)->part[3] = 7; /* not of the plan: not asked for */
    assert_ok(finish(&world->task, upload.id, &created));
}

static void a_lost_answer_is_decided_by_looking_at_the_object(void **state)
{
    static const enum status losses[] = { STATUS_STORAGE, STATUS_STORAGE_TIMEOUT, STATUS_NOT_FOUND,
        STATUS_PRECONDITION };
    struct world *world = *state;

    for (size_t i = 0; i < COUNT_OF(losses); i++) {
        struct multipart upload = begin_whole(world);
        bool created;

        fake.complete_loss = losses[i];
        fake.complete_code = losses[i] == STATUS_NOT_FOUND ? "NoSuchUpload" : NULL;
        assert_ok(finish(&world->task, upload.id, &created));
        assert_true(created);
    }
}

static void a_completion_that_fails_changes_nothing_and_can_be_said_again(void **state)
{
    static const enum status failures[] = { STATUS_STORAGE, STATUS_STORAGE_TIMEOUT,
        STATUS_STORAGE_REFUSED };
    struct world *world = *state;
    struct multipart upload = begin_whole(world);
    bool created;

    for (size_t i = 0; i < COUNT_OF(failures); i++) {
        fake.complete_failure = failures[i];
        assert_int_equal(finish(&world->task, upload.id, &created), failures[i]);
        assert_int_equal(state_of(world, upload.id), MULTIPART_UPLOADING);
    }
    fake.complete_failure = STATUS_STORAGE_REFUSED;
    fake.complete_code = "InvalidPart";
    assert_int_equal(finish(&world->task, upload.id, &created), STATUS_CONFLICT);
    fake.complete_failure = STATUS_OK;
    assert_ok(finish(&world->task, upload.id, &created));
    assert_true(created);
}

static void killed_between_storage_and_the_row_it_is_saved_by_the_next_who_asks(void **state)
{
    struct world *world = *state;
    struct multipart upload = begin_whole(world);
    struct multipart_status found;
    bool created;

    fake_upload(upload.key, fake.whole, "image/png"); /* done in storage; we never heard of it */
    fake_find_upload(upload.key, STR_EMPTY)->id[0] = 0;
    assert_ok(multipart_find(&world->task, upload.id, &found));
    assert_int_equal(found.upload.state, MULTIPART_UPLOADING);
    assert_true(found.is_complete);
    assert_ok(finish(&world->task, upload.id, &created));
    assert_true(created);
}

static void killed_between_storage_and_the_row_it_is_adopted_by_the_sweep(void **state)
{
    struct world *world = *state;
    struct multipart upload = begin_whole(world);

    fake_upload(upload.key, fake.whole, "image/png");
    fake_find_upload(upload.key, STR_EMPTY)->id[0] = 0;
    clock_freeze(START_S + WEEK_S + 1);
    assert_int_equal(sweep(world).adopted, 1);
    assert_int_equal(state_of(world, upload.id), MULTIPART_SAVED);
    record_is(world, "completed");
}

static void killed_before_the_id_was_recorded_the_upload_is_begun_anew(void **state)
{
    struct world *world = *state;
    struct multipart upload = begin(world);
    struct multipart_wish wish = { .number = 1, .sha256_hex = hex_of(world->task.arena, STR("x")) };
    struct multipart_part_grant *grants;

    assert_ok(db_begin(world->domain.db));
    assert_int_equal(sqlite3_exec(world->domain.db->writer->connection.handle,
                         "UPDATE multiparts SET upload_id = ''", NULL, NULL, NULL),
        SQLITE_OK);
    assert_ok(db_commit(world->domain.db));
    assert_ok(multipart_sign_parts(&world->task, upload.id, &wish, 1, &grants));
    assert_true(str_find(grants[0].url, STR("uploadId=upload-2")) >= 0);
    assert_int_equal(fake_count_uploads(), 2);
    clock_freeze(START_S + 3601); /* the other one is nobody's */
    assert_int_equal(sweep(world).aborted, 1);
    assert_int_equal(fake_count_uploads(), 1);
    assert_non_null(fake_find_upload(upload.key, STR("upload-2")));
}

static void an_upload_that_storage_does_not_begin_leaves_nothing(void **state)
{
    struct world *world = *state;
    struct multipart upload;

    fake.create_failure = STATUS_STORAGE; /* and its answer is lost: it was begun */
    assert_int_equal(try_begin(&world->task, &upload), STATUS_STORAGE);
    quota_holds(world, 0, 0);
    assert_int_equal(fake_count_uploads(), 1);
    record_is(world, "aborting");
    assert_int_equal(sweep(world).aborted, 1); /* found by its key */
    assert_int_equal(fake_count_uploads(), 0);
    record_is(world, "aborted");
    clock_freeze(START_S + 2 * 3600);
    sweep(world);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 0);
    assert_int_equal(world_number(world, "SELECT count(*) FROM multiparts"), 0);
}

static void giving_up_deletes_the_parts_and_gives_back_the_quota(void **state)
{
    struct world *world = *state;
    struct multipart upload = begin_whole(world);
    bool created;

    assert_ok(multipart_abort(&world->task, upload.id));
    assert_ok(multipart_abort(&world->task, upload.id));
    assert_int_equal(fake_count_uploads(), 0);
    record_is(world, "aborted");
    quota_holds(world, 0, 0);
    assert_int_equal(finish(&world->task, upload.id, &created), STATUS_GONE);
    assert_int_equal(state_of(world, upload.id), MULTIPART_ABORTED);
}

static void giving_up_holds_when_storage_does_not_answer(void **state)
{
    struct world *world = *state;
    struct multipart upload = begin_whole(world);

    fake.failure = STATUS_STORAGE;
    assert_ok(multipart_abort(&world->task, upload.id));
    record_is(world, "aborting");
    quota_holds(world, 0, 0);
    fake.failure = STATUS_OK;
    assert_int_equal(sweep(world).aborted, 1);
    record_is(world, "aborted");
    assert_int_equal(fake_count_uploads(), 0);
}

static void a_part_that_comes_behind_the_abort_is_aborted_again(void **state)
{
    struct world *world = *state;
    struct multipart upload = begin_whole(world);

    fake.abort_leaves = 2;
    assert_ok(multipart_abort(&world->task, upload.id));
    record_is(world, "aborting");
    assert_int_equal(sweep(world).aborted, 0);
    assert_int_equal(sweep(world).aborted, 1);
    record_is(world, "aborted");
    assert_int_equal(fake_count_uploads(), 0);
}

static void what_is_saved_cannot_be_given_up(void **state)
{
    struct world *world = *state;
    struct multipart upload = begin_whole(world);
    bool created;

    assert_ok(finish(&world->task, upload.id, &created));
    assert_int_equal(multipart_abort(&world->task, upload.id), STATUS_CONFLICT);
    assert_int_equal(state_of(world, upload.id), MULTIPART_SAVED);
}

/* Somebody gives it up in the moment in which storage puts it together. */
static void abort_meanwhile(void *context)
{
    struct world *world = context;
    struct task task = world->task;

    fake.on_complete = fake.before_complete = NULL;
    assert_ok(multipart_abort(&task, world_number(world, "SELECT asset_id FROM multiparts")));
}

static void given_up_while_it_is_completed_it_is_not_saved_and_nothing_stays(void **state)
{
    struct world *world = *state;
    struct multipart upload = begin_whole(world);
    bool created;

    fake.on_complete = abort_meanwhile;
    fake.on_complete_context = world;
    assert_int_equal(finish(&world->task, upload.id, &created), STATUS_GONE);
    assert_int_equal(state_of(world, upload.id), MULTIPART_ABORTED);
    assert_int_equal(fake_count(), 0);
    quota_holds(world, 0, 0);
}

/* ... or right before: storage knows neither the upload nor an object. */
static void given_up_before_it_is_put_together_it_is_gone_and_storage_did_not_fail(void **state)
{
    struct world *world = *state;
    struct multipart upload = begin_whole(world);
    bool created;

    fake.before_complete = abort_meanwhile;
    fake.on_complete_context = world;
    assert_int_equal(finish(&world->task, upload.id, &created), STATUS_GONE);
    assert_true(world_says(world, "This upload was given up"));
    assert_int_equal(state_of(world, upload.id), MULTIPART_ABORTED);
    assert_int_equal(fake_count(), 0);
}

/* A second request says "complete" in the same moment. */
static void complete_meanwhile(void *context)
{
    struct world *world = context;
    struct task task = world->task;
    bool created;

    fake.on_complete = NULL;
    assert_ok(finish(&task, world_number(world, "SELECT asset_id FROM multiparts"), &created));
    assert_true(created);
}

static void completed_twice_at_once_both_hear_the_same(void **state)
{
    struct world *world = *state;
    struct multipart upload = begin_whole(world);
    bool created;

    fake.on_complete = complete_meanwhile;
    fake.on_complete_context = world;
    assert_ok(finish(&world->task, upload.id, &created));
    assert_false(created);
    assert_int_equal(fake_count(), 1);
}

static void an_object_that_is_not_what_was_announced_is_refused(void **state)
{
    struct world *world = *state;
    struct multipart upload = begin_whole(world);
    bool created;

    fake.whole = str_from(arena_alloc(world->task.arena, 12 * MIB), 12 * MIB);
    memcpy((char *)(uintptr_t)fake.whole.ptr, "<!doctype html><script>", 23);
    assert_int_equal(finish(&world->task, upload.id, &created), STATUS_MISMATCH);
    assert_int_equal(fake_count(), 0);
    record_is(world, "aborting"); /* storage completed it; that is asked for once */
    assert_int_equal(finish(&world->task, upload.id, &created), STATUS_GONE);
    sweep(world);
    record_is(world, "aborted");
}

static void an_upload_that_storage_lost_is_told_and_ends(void **state)
{
    struct world *world = *state;
    struct multipart upload = begin_whole(world);
    bool created;

    fake_find_upload(upload.key, STR_EMPTY)->id[0] = 0;
    assert_int_equal(finish(&world->task, upload.id, &created), STATUS_GONE);
    assert_true(world_says(world, "does not have this upload any more"));
    quota_holds(world, 0, 0);
    assert_int_equal(state_of(world, upload.id), MULTIPART_ABORTED);
}

static void asking_about_it_keeps_it_alive(void **state)
{
    struct world *world = *state;
    struct multipart upload = begin(world);

    clock_freeze(START_S + WEEK_S - 10);
    assert_int_equal(state_of(world, upload.id), MULTIPART_UPLOADING);
    clock_freeze(START_S + WEEK_S + 10);
    assert_int_equal(sweep(world).expired, 0);
    assert_int_equal(state_of(world, upload.id), MULTIPART_UPLOADING);
    record_is(world, "open");
}

static void what_nobody_goes_on_with_is_given_up_in_storage_too(void **state)
{
    struct world *world = *state;
    struct multipart upload = begin_whole(world);
    struct sweep_report report;

    clock_freeze(START_S + WEEK_S);
    assert_int_equal(sweep(world).expired, 0);
    clock_freeze(START_S + WEEK_S + 1);
    report = sweep(world);
    assert_int_equal(report.expired, 1);
    assert_int_equal(report.aborted, 1);
    assert_int_equal(fake_count_uploads(), 0);
    quota_holds(world, 0, 0);
    assert_int_equal(state_of(world, upload.id), MULTIPART_ABORTED);
    clock_freeze(START_S + 3 * WEEK_S);
    sweep(world);
    assert_int_equal(world_number(world, "SELECT count(*) FROM multiparts"), 0);
    assert_int_equal(multipart_abort(&world->task, upload.id), STATUS_NOT_FOUND);
}

static void one_that_lives_again_in_the_moment_of_the_sweep_is_not_given_up(void **state)
{
    struct world *world = *state;
    struct multipart upload = begin(world);

    clock_freeze(START_S + WEEK_S + 5); /* the sweep has read its row, and then somebody asks */
    assert_int_equal(state_of(world, upload.id), MULTIPART_UPLOADING);
    assert_ok(db_begin(world->domain.db));
    assert_int_equal(db_end(world->domain.db,
                         assets_set_lapsed(world->domain.db, upload.id, START_S + WEEK_S + 5)),
        STATUS_NOT_FOUND);
    assert_int_equal(state_of(world, upload.id), MULTIPART_UPLOADING);
}

static void uploads_that_no_record_knows_are_aborted_when_they_are_old(void **state)
{
    static const struct {
        const char *key;
        int64_t age_s;
        bool goes;
    } cases[] = {
        { "images/2026/11/abcdefghijklmnopqrstuvwxyz.png", WEEK_S + 86401, true },
        { "images/2026/11/abcdefghijklmnopqrstuvwxyz.png", WEEK_S + 86399, false },
        { "images/2026/11/abcdefghijklmnopqrstuvwxyz", WEEK_S + 86401, true },
        { "images/2026/11/abcdefghijklmnopqrstuvwxyz0.png", WEEK_S + 86401, false },
        { "images/2026/11/Abcdefghijklmnopqrstuvwxyz.png", WEEK_S + 86401, false },
        { "images/2026/1/abcdefghijklmnopqrstuvwxyz0.png", WEEK_S + 86401, false },
        { "images/of-somebody-else.png", 100 * WEEK_S, false },
        { "backups/2026/11/abcdefghijklmnopqrstuvwxyz.png", 100 * WEEK_S, false },
    };
    struct world *world = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        fake_begin_upload(str_from_c(cases[i].key), START_S - cases[i].age_s);
        assert_int_equal(sweep(world).aborted, cases[i].goes);
        assert_int_equal(fake_count_uploads(), !cases[i].goes);
        memset(fake.upload, 0, sizeof(fake.upload));
    }
}

static void another_upload_of_a_key_of_ours_goes_after_an_hour(void **state)
{
    struct world *world = *state;
    struct multipart upload = begin(world);

    fake_begin_upload(upload.key, START_S);
    clock_freeze(START_S + 3599);
    assert_int_equal(sweep(world).aborted, 0);
    clock_freeze(START_S + 3601);
    assert_int_equal(sweep(world).aborted, 1);
    assert_non_null(fake_find_upload(upload.key, STR("upload-1")));
    assert_int_equal(fake_count_uploads(), 1);
}

static void part_urls_carry_what_is_signed_and_live_shortly(void **state)
{
    struct world *world = *state;
    struct multipart upload = begin(world);
    struct str hash = hex_of(world->task.arena, STR("part"));
    const struct multipart_wish wishes[] = { { 3, hash }, { 1, hash } };
    struct multipart_part_grant *grants;

    assert_ok(multipart_sign_parts(&world->task, upload.id, wishes, 2, &grants));
    assert_int_equal(grants[0].number, 3);
    assert_int_equal(grants[0].size_bytes, 2 * MIB);
    assert_int_equal(grants[1].size_bytes, 5 * MIB);
    assert_int_equal(grants[0].expires_at, START_S + world->options.grant_ttl_s);
    assert_int_equal(grants[0].headers.count, 1);
    assert_true(str_find(grants[0].url, STR("partNumber=3")) > 0);
    assert_true(str_find(grants[0].url,
                    STR("SignedHeaders=content-length%3Bhost%3Bx-amz-checksum-sha256")) > 0);
}

static void without_checksums_a_part_needs_no_hash(void **state)
{
    struct world *world = *state;
    const struct multipart_wish wish = { .number = 2 };
    struct multipart_part_grant *grants;
    struct multipart upload = begin(world);
    bool is_there;

    assert_int_equal(
        multipart_sign_parts(&world->task, upload.id, &wish, 1, &grants), STATUS_INVALID);
    assert_str(world->task.failure.field, "parts[0].sha256");
    world->options.storage.has_checksum = false;
    assert_ok(multipart_sign_parts(&world->task, upload.id, &wish, 1, &grants));
    assert_int_equal(grants[0].headers.count, 0);
    upload = begin(world);
    assert_false(upload.needs_sha256);
    pairs_get(fake.create_headers, STR("x-amz-checksum-algorithm"), &is_there);
    assert_false(is_there);
}

static void uploads_of_others_do_not_exist_but_for_admins(void **state)
{
    struct world *world = *state;
    struct multipart upload = begin_whole(world);
    struct multipart_status found;
    struct multiparts list;
    bool created;

    world_as(world, world->other);
    assert_int_equal(multipart_find(&world->task, upload.id, &found), STATUS_NOT_FOUND);
    assert_int_equal(finish(&world->task, upload.id, &created), STATUS_NOT_FOUND);
    assert_int_equal(multipart_abort(&world->task, upload.id), STATUS_NOT_FOUND);
    assert_ok(multipart_list(&world->task, &list));
    assert_int_equal(list.count, 0);
    world_as(world, world->admin);
    assert_ok(multipart_list(&world->task, &list));
    assert_int_equal(list.count, 0);
    assert_ok(multipart_find(&world->task, upload.id, &found));
    world_as(world, world->viewer);
    assert_int_equal(try_begin(&world->task, &(struct multipart){ 0 }), STATUS_FORBIDDEN);
}

static void the_quota_of_parts_is_held_from_the_beginning(void **state)
{
    struct world *world = *state;
    struct multipart upload;

    world->options.quota.max_bytes = 20 * MIB;
    begin(world);
    assert_int_equal(try_begin(&world->task, &upload), STATUS_QUOTA);
    assert_int_equal(fake.creates, 1);
}

static void a_file_above_what_one_put_takes_has_to_come_in_parts(void **state)
{
    struct world *world = *state;
    struct upload_request request = { .filename = STR("a.png"),
        .content_type = STR("image/png"),
        .size_bytes = ASSET_PUT_MAX_BYTES + 1 };
    struct upload_grant grant;

    world->options.policy.max_size_bytes = MULTIPART_OBJECT_MAX_BYTES;
    assert_int_equal(asset_grant(&world->task, &request, &grant), STATUS_TOO_LARGE);
    request.size_bytes--;
    assert_ok(asset_grant(&world->task, &request, &grant));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_covers_the_file_exactly_in_equal_parts),
        cmocka_unit_test(a_file_without_bytes_or_with_too_many_has_no_plan),
        world_test(an_upload_is_recorded_before_any_of_its_urls),
        world_test(storage_is_told_what_the_object_will_be_and_nothing_of_one_put),
        world_test(all_parts_make_an_image),
        world_test(missing_and_cut_parts_are_named_and_nothing_is_put_together),
        world_test(a_lost_answer_is_decided_by_looking_at_the_object),
        world_test(a_completion_that_fails_changes_nothing_and_can_be_said_again),
        world_test(killed_between_storage_and_the_row_it_is_saved_by_the_next_who_asks),
        world_test(killed_between_storage_and_the_row_it_is_adopted_by_the_sweep),
        world_test(killed_before_the_id_was_recorded_the_upload_is_begun_anew),
        world_test(an_upload_that_storage_does_not_begin_leaves_nothing),
        world_test(giving_up_deletes_the_parts_and_gives_back_the_quota),
        world_test(giving_up_holds_when_storage_does_not_answer),
        world_test(a_part_that_comes_behind_the_abort_is_aborted_again),
        world_test(what_is_saved_cannot_be_given_up),
        world_test(given_up_while_it_is_completed_it_is_not_saved_and_nothing_stays),
        world_test(given_up_before_it_is_put_together_it_is_gone_and_storage_did_not_fail),
        world_test(completed_twice_at_once_both_hear_the_same),
        world_test(an_object_that_is_not_what_was_announced_is_refused),
        world_test(an_upload_that_storage_lost_is_told_and_ends),
        world_test(asking_about_it_keeps_it_alive),
        world_test(what_nobody_goes_on_with_is_given_up_in_storage_too),
        world_test(one_that_lives_again_in_the_moment_of_the_sweep_is_not_given_up),
        world_test(uploads_that_no_record_knows_are_aborted_when_they_are_old),
        world_test(another_upload_of_a_key_of_ours_goes_after_an_hour),
        world_test(part_urls_carry_what_is_signed_and_live_shortly),
        world_test(without_checksums_a_part_needs_no_hash),
        world_test(uploads_of_others_do_not_exist_but_for_admins),
        world_test(the_quota_of_parts_is_held_from_the_beginning),
        world_test(a_file_above_what_one_put_takes_has_to_come_in_parts),
    };

    return cmocka_run_group_tests_name("domain: uploads in parts", tests, NULL, NULL);
}
