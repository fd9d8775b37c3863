/* What uploads went through: noted, cleaned, kept for a while, read by admins. */
#include "asset_fixture.h"

#include "domain/asset_sweep.h"
#include "domain/flight.h"
#include "domain/flight_clean.h"

/* The record as an admin reads it. */
static struct attempt_rows record_of(
    struct world *world, int64_t asset_id, struct flight_row *flight)
{
    struct attempt_rows attempts;

    flight_flush(&world->domain);
    assert_ok(flight_find(world_as(world, world->admin), asset_id, flight, &attempts));
    return attempts;
}

/* --- noting */

static void a_commit_and_a_deletion_are_noted_in_their_order(void **state)
{
    struct world *world = *state;
    struct asset asset = add(&world->task, "a.png");
    struct attempt_rows attempts;
    struct flight_row flight;
    bool pending;

    assert_ok(asset_delete(&world->task, asset.id, &pending));
    attempts = record_of(world, asset.id, &flight);
    assert_int_equal(attempts.count, 2);
    assert_str(attempts.item[0].stage, "commit");
    assert_str(attempts.item[0].seen_by, "server");
    assert_int_equal(attempts.item[0].http_status, 200);
    assert_int_equal(attempts.item[0].size_bytes, 1000);
    assert_str(attempts.item[0].error, "");
    assert_str(attempts.item[1].stage, "delete");
    assert_int_equal(attempts.item[1].size_bytes, -1);
    assert_int_equal(flight.failure_count, 0);
    assert_str(flight.filename, "a.png");
    assert_str(flight.state, "purging");
    assert_int_equal(flight.owner_id, world->editor.user_id);
}

static void what_storage_refused_is_noted_with_its_code_and_request_id(void **state)
{
    struct world *world = *state;
    struct upload_grant granted = grant(&world->task, png(world->task.arena, 2, 2, 100), "a.png");
    struct attempt_rows attempts;
    struct flight_row flight;

    assert_status(try_commit(&world->task, granted.key), NOT_UPLOADED);
    fake.failure = STATUS_STORAGE_REFUSED;
    assert_status(try_commit(&world->task, granted.key), STORAGE_REFUSED);
    attempts = record_of(world, granted.asset_id, &flight);
    assert_int_equal(attempts.count, 2);
    assert_str(attempts.item[0].error, "not_uploaded");
    assert_int_equal(attempts.item[0].http_status, 404);
    assert_str(attempts.item[1].error, "AccessDenied");
    assert_str(attempts.item[1].request_id, "req-1");
    assert_int_equal(flight.failure_count, 2);
    assert_str(flight.state, "pending");
}

static void an_object_that_is_not_what_was_granted_is_a_failure_though_storage_was_well(
    void **state)
{
    struct world *world = *state;
    struct upload_grant granted = grant(&world->task, png(world->task.arena, 2, 2, 100), "a.png");
    struct attempt_rows attempts;
    struct flight_row flight;

    fake_upload(granted.key, STR("<html>"), "image/png");
    assert_status(try_commit(&world->task, granted.key), MISMATCH);
    attempts = record_of(world, granted.asset_id, &flight);
    assert_int_equal(attempts.count, 2);
    assert_str(attempts.item[0].error, "upload_mismatch");
    assert_int_equal(attempts.item[0].http_status, 200);
    assert_int_equal(attempts.item[0].size_bytes, 6);
    assert_str(attempts.item[1].stage, "delete");
}

static void an_adoption_by_the_sweep_is_noted_and_an_absence_is_not(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 2, 2, 100);
    struct upload_grant there = grant(&world->task, bytes, "a.png");
    struct upload_grant absent = grant(&world->task, bytes, "b.png");
    struct sweep_report report;
    struct attempt_rows attempts;
    struct flight_row flight;

    fake_upload(there.key, bytes, "image/png");
    clock_freeze(START_S + 901);
    assert_ok(asset_sweep(world_as(world, ACTOR_SYSTEM), 100, &report));
    attempts = record_of(world, there.asset_id, &flight);
    assert_int_equal(attempts.count, 1);
    assert_str(attempts.item[0].stage, "adopt");
    assert_status(flight_find(&world->task, absent.asset_id, &flight, &attempts), NOT_FOUND);
}

static void note_many(struct world *world, int64_t asset_id, bool is_by_client, int count)
{
    for (int i = 0; i < count; i++) {
        flight_note(&world->task, &(struct flight_entry){ .asset_id = asset_id,
                                      .stage = FLIGHT_PART,
                                      .http_status = 200,
                                      .is_by_client = is_by_client,
                                      .ms = i });
        if (i % 50 == 49) {
            flight_flush(&world->domain);
        }
    }
}

static void only_the_newest_attempts_are_kept_and_all_are_counted(void **state)
{
    struct world *world = *state;
    struct upload_grant granted = grant(&world->task, png(world->task.arena, 2, 2, 100), "a.png");
    struct attempt_rows attempts;
    struct flight_row flight;

    note_many(world, granted.asset_id, false, FLIGHT_SEEN_MAX + 10);
    attempts = record_of(world, granted.asset_id, &flight);
    assert_int_equal(attempts.count, FLIGHT_SEEN_MAX);
    assert_int_equal(attempts.item[0].duration_ms, 10);
    assert_int_equal(attempts.item[0].number, 11);
    assert_int_equal(flight.attempt_count, FLIGHT_SEEN_MAX + 10);
}

static void reports_of_clients_do_not_displace_what_the_server_saw(void **state)
{
    struct world *world = *state;
    struct upload_grant granted = grant(&world->task, png(world->task.arena, 2, 2, 100), "a.png");
    struct attempt_rows attempts;
    struct flight_row flight;

    note_many(world, granted.asset_id, false, 3);
    note_many(world, granted.asset_id, true, 2 * FLIGHT_SEEN_MAX);
    attempts = record_of(world, granted.asset_id, &flight);
    assert_int_equal(attempts.count, 3 + FLIGHT_SEEN_MAX);
    assert_str(attempts.item[2].seen_by, "server");
    assert_int_equal(attempts.item[3].duration_ms, FLIGHT_SEEN_MAX);
}

static void a_note_harms_nothing_when_it_cannot_be_written(void **state)
{
    struct world *world = *state;
    struct asset asset = add(&world->task, "a.png");
    struct attempt_rows attempts;
    struct flight_row flight;

    flight_note(&world->task, &(struct flight_entry){ .asset_id = 12345, .stage = FLIGHT_PUT });
    attempts = record_of(world, asset.id, &flight);
    assert_int_equal(attempts.count, 1);
    assert_int_equal(world_number(world, "SELECT count(*) FROM flights"), 1);
}

static void the_record_outlives_the_row_and_goes_with_age(void **state)
{
    struct world *world = *state;
    struct asset asset = add(&world->task, "a.png");
    struct attempt_rows attempts;
    struct flight_row flight;
    int64_t count = 0;
    bool pending;

    flight_flush(&world->domain);
    clock_freeze(START_S + 86400);
    assert_ok(asset_delete(&world->task, asset.id, &pending));
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 0);
    attempts = record_of(world, asset.id, &flight);
    assert_int_equal(attempts.count, 2);
    assert_str(flight.state, "gone");
    assert_ok(flight_prune(&world->task, &count));
    assert_int_equal(count, 0);
    clock_freeze(START_S + 86400 + FLIGHT_KEEP_S + 1);
    assert_ok(flight_prune(&world->task, &count));
    assert_int_equal(count, 1);
    assert_int_equal(world_number(world, "SELECT count(*) FROM attempts"), 0);
}

/* --- reports */

static void a_client_reports_uploads_of_its_own_and_no_others(void **state)
{
    struct world *world = *state;
    struct upload_grant granted = grant(&world->task, png(world->task.arena, 2, 2, 100), "a.png");
    const struct flight_report report = { .key = granted.key,
        .entry = { .stage = FLIGHT_PUT,
            .http_status = 503,
            .error = STR("SlowDown"),
            .at = START_S + 5000,
            .bytes = 10 } };
    const struct flight_report both[] = { report, { .key = STR("images/nobody") } };
    struct attempt_rows attempts;
    struct flight_row flight;
    size_t count;

    assert_ok(flight_report(world_as(world, world->other), &report, 1, &count));
    assert_int_equal(count, 0);
    assert_ok(flight_report(world_as(world, world->editor), both, 2, &count));
    assert_int_equal(count, 1);
    attempts = record_of(world, granted.asset_id, &flight);
    assert_int_equal(attempts.count, 1);
    assert_str(attempts.item[0].seen_by, "client");
    assert_str(attempts.item[0].error, "SlowDown");
    assert_int_equal(attempts.item[0].at, START_S); /* its clock was ahead */
    assert_status(flight_report(&world->task, both, 0, &count), INVALID);
    assert_status(flight_report(&world->task, both, FLIGHT_REPORTS_MAX + 1, &count), INVALID);
}

static void nobody_but_admins_reads_the_record(void **state)
{
    struct world *world = *state;
    struct asset asset = add(&world->task, "a.png");
    const struct actor others[] = { world->editor, world->viewer };
    struct attempt_rows attempts;
    struct flight_rows list;
    struct flight_row flight;

    flight_flush(&world->domain);
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        struct task *task = world_as(world, others[i]);

        assert_status(flight_find(task, asset.id, &flight, &attempts), FORBIDDEN);
        assert_status(flight_list(task, (struct flight_bound){ 0 }, 10, &list), FORBIDDEN);
    }
}

static void failed_uploads_are_listed_the_latest_first_and_page_by_page(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 2, 2, 100);
    struct flight_bound after = { 0 };
    struct flight_rows list;
    int64_t ids[5];

    add(&world->task, "well.png");
    for (int i = 0; i < 5; i++) {
        struct upload_grant granted = grant(&world->task, bytes, "a.png");

        clock_freeze(START_S + i / 2); /* some in the same second */
        ids[i] = granted.asset_id;
        assert_status(try_commit(&world->task, granted.key), NOT_UPLOADED);
        flight_flush(&world->domain);
    }
    for (int i = 4; i >= 0; i--) {
        assert_ok(flight_list(world_as(world, world->admin), after, 1, &list));
        assert_int_equal(list.count, i > 0 ? 2 : 1);
        assert_int_equal(list.item[0].asset_id, ids[i]);
        after = (struct flight_bound){ list.item[0].last_at, list.item[0].asset_id };
    }
}

static void the_text_for_support_says_all_of_it_in_lines(void **state)
{
    struct world *world = *state;
    struct upload_grant granted = grant(&world->task, png(world->task.arena, 2, 2, 100), "a.png");
    struct attempt_rows attempts;
    struct flight_row flight;
    struct str text;

    flight_note(&world->task, &(struct flight_entry){ .asset_id = granted.asset_id,
                                  .stage = FLIGHT_PUT,
                                  .is_by_client = true,
                                  .bytes = -1,
                                  .ms = 31000 });
    flight_note(&world->task, &(struct flight_entry){ .asset_id = granted.asset_id,
                                  .stage = FLIGHT_COMMIT,
                                  .http_status = 503,
                                  .error = STR("SlowDown"),
                                  .request_id = STR("4442587FB7D0A2F9"),
                                  .id2 = STR("vlR7+/PnI="),
                                  .bytes = 100,
                                  .ms = 12,
                                  .tries = 4 });
    attempts = record_of(world, granted.asset_id, &flight);
    text = flight_text(world->task.arena, &flight, &attempts);
    assert_true(str_find(text,
                    STR("1  2026-11-21T06:32:00Z  client  put       no answer  31000 ms\n")) > 0);
    assert_true(
        str_find(text,
            STR("2  2026-11-21T06:32:00Z  server  commit    HTTP 503  12 ms  100 bytes  4 tries"
                "  error=SlowDown  x-amz-request-id=4442587FB7D0A2F9"
                "  x-amz-id-2=vlR7+/PnI=\n")) > 0);
}

/* --- cleaning */

static void what_could_open_anything_is_left_out_of_words(void **state)
{
    static const char *const rows[][2] = {
        { "SlowDown", "SlowDown" },
        { "SignatureDoesNotMatch", "SignatureDoesNotMatch" },
        { "  the   line\tbroke\n", "the line broke" },
        { "Failed to fetch https://b.s3.amazonaws.com/k?X-Amz-Signature=ab",
            "Failed to fetch ..." },
        { "at /k?a", "at ..." },
        { "X-Amz-Signature=abc", "..." },
        { "Authorization: Bearer eyJhbGciOi.x.y now", "... ... ... now" },
        { "the Token abc was wrong", "the ... ... was wrong" },
        { "the Token : abc or Secret is x-9", "the ... ... ... or ... ... ..." },
        { "at %58-Amz-%53ignature%3Dab", "at ..." },
        { "key AKIAIOSFODNN7EXAMPLE is out", "key ... is out" },
        { "0123456789abcdef0123456789abcdef0123456789abcdef", "..." },
        { "\xff", "" },
        { "", "" },
    };
    char room[FLIGHT_ERROR_MAX_BYTES];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_str(flight_clean_words(room, str_from_c(rows[i][0])), rows[i][1]);
    }
}

static void words_are_cut_to_what_fits_and_not_within_a_letter(void **state)
{
    char room[FLIGHT_ERROR_MAX_BYTES], words[400] = "";
    struct str text;

    (void)state;
    for (int i = 0; i < 20; i++) {
        strcat(words, "été né ");
    }
    for (size_t len = 0; len <= strlen(words); len++) {
        text = flight_clean_words(room, str_from(words, len));
        assert_true(text.len <= FLIGHT_ERROR_MAX_BYTES);
        assert_true(str_is_utf8(text));
    }
    assert_true(text.len > FLIGHT_ERROR_MAX_BYTES - 3);
}

static void request_ids_are_ids_or_nothing(void **state)
{
    char room[FLIGHT_ID_MAX_BYTES], byte[1];
    char longest[FLIGHT_ID_MAX_BYTES + 1];
    int taken = 0;

    (void)state;
    assert_str(flight_clean_id(room, STR("tx0000-65f_2:eu.west+/=")), "tx0000-65f_2:eu.west+/=");
    assert_str(flight_clean_id(room, STR("two words")), "");
    assert_str(flight_clean_id(room, STR("X-Amz-Signature=ab")), "");
    memset(longest, 'a', sizeof(longest));
    assert_int_equal(
        flight_clean_id(room, str_from(longest, FLIGHT_ID_MAX_BYTES)).len, FLIGHT_ID_MAX_BYTES);
    assert_int_equal(flight_clean_id(room, str_from(longest, sizeof(longest))).len, 0);
    for (int i = 0; i < 256; i++) {
        byte[0] = (char)i;
        taken += flight_clean_id(room, str_from(byte, 1)).len == 1;
    }
    assert_int_equal(taken, 26 + 26 + 10 + 7);
}

static void every_stage_is_found_by_its_word(void **state)
{
    enum flight_stage stage;

    (void)state;
    for (int i = 0; i < FLIGHT__COUNT; i++) {
        assert_true(flight_find_stage(flight_stage_word(i), &stage));
        assert_int_equal(stage, i);
    }
    assert_false(flight_find_stage(STR("Put"), &stage));
    assert_false(flight_find_stage(STR_EMPTY, &stage));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(a_commit_and_a_deletion_are_noted_in_their_order),
        world_test(what_storage_refused_is_noted_with_its_code_and_request_id),
        world_test(an_object_that_is_not_what_was_granted_is_a_failure_though_storage_was_well),
        world_test(an_adoption_by_the_sweep_is_noted_and_an_absence_is_not),
        world_test(only_the_newest_attempts_are_kept_and_all_are_counted),
        world_test(reports_of_clients_do_not_displace_what_the_server_saw),
        world_test(a_note_harms_nothing_when_it_cannot_be_written),
        world_test(the_record_outlives_the_row_and_goes_with_age),
        world_test(a_client_reports_uploads_of_its_own_and_no_others),
        world_test(nobody_but_admins_reads_the_record),
        world_test(failed_uploads_are_listed_the_latest_first_and_page_by_page),
        world_test(the_text_for_support_says_all_of_it_in_lines),
        cmocka_unit_test(what_could_open_anything_is_left_out_of_words),
        cmocka_unit_test(words_are_cut_to_what_fits_and_not_within_a_letter),
        cmocka_unit_test(request_ids_are_ids_or_nothing),
        cmocka_unit_test(every_stage_is_found_by_its_word),
    };

    return cmocka_run_group_tests_name("domain flight", tests, NULL, NULL);
}
