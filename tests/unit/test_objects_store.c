/*
 * test_objects_store.c - objects as files: what is kept, what a condition allows, what a crash
 * leaves.
 */
#include "objects_fixture.h"

#include "objects/walk.h"

#include <pthread.h>
#include <sys/wait.h>

static const struct store_condition always = { 0 };
static const struct store_condition if_absent = { .must_be_absent = true };

static struct store_object find(struct fixture *fixture, struct str key)
{
    struct store_object object = { 0 };
    assert_int_equal(
        store_find_object(fixture->store, &fixture->arena, STR("photos"), key, &object), STATUS_OK);
    return object;
}

static enum status find_status(struct fixture *fixture, struct str key)
{
    struct store_object object;
    return store_find_object(fixture->store, &fixture->arena, STR("photos"), key, &object);
}

static void metadata_comes_back_as_it_was_given(void **state)
{
    struct fixture *fixture = *state;
    struct store_upload upload = STORE_UPLOAD_INIT;
    struct store_object object = {
        .bucket = STR("photos"),
        .key = STR("a b/\xff\0\n=&"),
        .size_bytes = 3,
        .modified_at_ms = 1795242720123,
        .etag = STR("0cc175b9"),
        .content_type = STR("image/png; x=\"y\""),
        .cache_control = STR("no-store"),
        .checksum_name = STR("sha256"),
        .checksum = STR("AAAA+/=="),
        .meta = { { STR("color"), STR("deep\tblue") }, { STR("empty"), STR("") } },
        .meta_count = 2,
    };
    assert_int_equal(store_upload_begin(fixture->store, &upload, 3), STATUS_OK);
    assert_int_equal(store_upload_write(&upload, "abc", 3), STATUS_OK);
    assert_int_equal(store_upload_commit(&upload, &fixture->arena, &object, always), STATUS_OK);
    struct store_object found = find(fixture, object.key);
    expect_str("key", found.key, object.key);
    expect_str("id", found.id, object.id);
    expect_str("type", found.content_type, object.content_type);
    expect_str("disposition", found.content_disposition, STR(""));
    expect_str("cache", found.cache_control, object.cache_control);
    expect_str("checksum", found.checksum, object.checksum);
    assert_int_equal(found.size_bytes, 3);
    assert_int_equal(found.modified_at_ms, 1795242720123);
    assert_int_equal(found.meta_count, 2);
    expect_str("meta", found.meta[0].value, STR("deep\tblue"));
    expect_str("meta", found.meta[1].name, STR("empty"));
}

static void an_aborted_upload_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct store_upload upload = STORE_UPLOAD_INIT;
    store_upload_abort(&upload);
    assert_int_equal(store_upload_begin(fixture->store, &upload, 1000), STATUS_OK);
    assert_int_equal(store_upload_write(&upload, "abc", 3), STATUS_OK);
    store_upload_abort(&upload);
    store_upload_abort(&upload);
    assert_int_equal(fixture_count_files(fixture, "data"), 0);
    assert_int_equal(fixture_count_files(fixture, "uploads"), 0);
    assert_int_equal(fixture_count_files(fixture, "buckets/photos/keys"), 0);
}

static void conditions_decide_at_the_commit(void **state)
{
    struct fixture *fixture = *state;
    struct store_condition if_two = { .only_etag = STR("two") };
    assert_int_equal(fixture_put(fixture, STR("k"), STR("one"), if_two), STATUS_NOT_FOUND);
    assert_int_equal(fixture_put(fixture, STR("k"), STR("one"), if_absent), STATUS_OK);
    assert_int_equal(fixture_put(fixture, STR("k"), STR("two"), if_absent), STATUS_PRECONDITION);
    assert_int_equal(fixture_put(fixture, STR("k"), STR("two"), if_two), STATUS_PRECONDITION);
    expect_str("kept", find(fixture, STR("k")).etag, STR("one"));
    assert_int_equal(fixture_put(fixture, STR("k"), STR("two"), always), STATUS_OK);
    assert_int_equal(fixture_put(fixture, STR("k"), STR("three"), if_two), STATUS_OK);
    expect_str("replaced", find(fixture, STR("k")).etag, STR("three"));
}

/* An ETag says nothing of types and metadata. */
static void the_same_bytes_again_are_another_object(void **state)
{
    struct fixture *fixture = *state;
    struct store_condition same;
    assert_int_equal(fixture_put(fixture, STR("k"), STR("one"), always), STATUS_OK);
    same = (struct store_condition){ .only_id = find(fixture, STR("k")).id };
    assert_int_equal(fixture_put(fixture, STR("k"), STR("one"), always), STATUS_OK);
    assert_int_equal(fixture_put(fixture, STR("k"), STR("two"), same), STATUS_PRECONDITION);
    assert_int_equal(
        store_delete_object(fixture->store, &fixture->arena, STR("photos"), STR("k"), same),
        STATUS_PRECONDITION);
    same.only_id = find(fixture, STR("k")).id;
    assert_int_equal(
        store_delete_object(fixture->store, &fixture->arena, STR("photos"), STR("k"), same),
        STATUS_OK);
    assert_int_equal(fixture_put(fixture, STR("k"), STR("two"), same), STATUS_NOT_FOUND);
}

static void replaced_and_deleted_data_goes_with_the_sweep(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(fixture_put(fixture, STR("k"), STR("one"), always), STATUS_OK);
    assert_int_equal(fixture_put(fixture, STR("k"), STR("two"), always), STATUS_OK);
    store_sweep(fixture->store, 3600);
    assert_int_equal(fixture_count_files(fixture, "data"), 2); /* it may still be being sent */
    store_sweep(fixture->store, 0);
    assert_int_equal(fixture_count_files(fixture, "data"), 1);
    assert_int_equal(store_delete_object(fixture->store, &fixture->arena, STR("photos"), STR("k"),
                         (struct store_condition){ .only_etag = STR("one") }),
        STATUS_PRECONDITION);
    assert_int_equal(store_delete_object(fixture->store, &fixture->arena, STR("photos"), STR("k"),
                         (struct store_condition){ 0 }),
        STATUS_OK);
    assert_int_equal(find_status(fixture, STR("k")), STATUS_NOT_FOUND);
    assert_int_equal(store_delete_object(fixture->store, &fixture->arena, STR("photos"), STR("k"),
                         (struct store_condition){ 0 }),
        STATUS_NOT_FOUND);
    store_sweep(fixture->store, 0);
    assert_int_equal(fixture_count_files(fixture, "data"), 0);
    assert_int_equal(fixture_count_files(fixture, "retired"), 0);
}

/* A crash between the two steps of a replacement: the note is there, the object still the old one.
 */
static void a_note_about_a_living_object_harms_nothing(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(fixture_put(fixture, STR("k"), STR("one"), always), STATUS_OK);
    char *id = arena_c_string(&fixture->arena, find(fixture, STR("k")).id);
    struct str from = arena_printf(&fixture->arena, "%s/buckets/photos/keys/k.o", fixture->folder);
    struct str to = arena_printf(&fixture->arena, "%s/retired/%s", fixture->folder, id);
    assert_int_equal(link(from.ptr, to.ptr), 0);
    store_sweep(fixture->store, 0);
    assert_int_equal(fixture_count_files(fixture, "retired"), 0);
    assert_int_equal(fixture_count_files(fixture, "data"), 1);
    int fd = store_open_data(fixture->store, &fixture->arena, str_from_c(id));
    assert_true(fd >= 0);
    close(fd);
}

static void a_living_upload_survives_the_sweep_and_a_dead_one_does_not(void **state)
{
    struct fixture *fixture = *state;
    struct store_upload living = STORE_UPLOAD_INIT;
    assert_int_equal(store_upload_begin(fixture->store, &living, 5), STATUS_OK);
    pid_t child = fork();
    if (child == 0) {
        struct store *store = store_open(str_from_c(fixture->folder)); /* sweeps, too */
        struct store_upload dead = STORE_UPLOAD_INIT;
        bool is_begun = store && store_upload_begin(store, &dead, 5) == STATUS_OK &&
                        store_upload_write(&dead, "dead!", 5) == STATUS_OK;
        _exit(is_begun ? 0 : 1); /* as after kill -9: nothing is cleaned up */
    }
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
    assert_int_equal(fixture_count_files(fixture, "uploads"), 2);
    store_sweep(fixture->store, 0);
    assert_int_equal(fixture_count_files(fixture, "uploads"), 1);
    assert_int_equal(fixture_count_files(fixture, "data"), 1);
    struct store_object object = { .bucket = STR("photos"), .key = STR("k"), .size_bytes = 5 };
    assert_int_equal(store_upload_write(&living, "alive", 5), STATUS_OK);
    assert_int_equal(store_upload_commit(&living, &fixture->arena, &object, always), STATUS_OK);
    assert_int_equal(find(fixture, STR("k")).size_bytes, 5);
}

static void deleting_prunes_folders_and_buckets_only_when_empty(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture->store;
    struct arena *arena = &fixture->arena;
    assert_int_equal(fixture_put(fixture, STR("a/b/c"), STR("1"), always), STATUS_OK);
    assert_int_equal(fixture_put(fixture, STR("a/d"), STR("1"), always), STATUS_OK);
    assert_int_equal(store_delete_bucket(store, arena, STR("photos")), STATUS_CONFLICT);
    assert_int_equal(store_delete_object(
                         store, arena, STR("photos"), STR("a/b/c"), (struct store_condition){ 0 }),
        STATUS_OK);
    assert_int_equal(find_status(fixture, STR("a/d")), STATUS_OK);
    assert_int_equal(store_delete_bucket(store, arena, STR("photos")), STATUS_CONFLICT);
    assert_int_equal(
        store_delete_object(store, arena, STR("photos"), STR("a/d"), (struct store_condition){ 0 }),
        STATUS_OK);
    assert_int_equal(store_delete_bucket(store, arena, STR("photos")), STATUS_OK);
    assert_false(store_has_bucket(store, arena, STR("photos")));
    assert_int_equal(store_delete_bucket(store, arena, STR("photos")), STATUS_NOT_FOUND);
    assert_int_equal(fixture_put(fixture, STR("a"), STR("1"), always), STATUS_NOT_FOUND);
    assert_int_equal(fixture_count_files(fixture, "data"), 2);
    store_sweep(store, 0);
    assert_int_equal(fixture_count_files(fixture, "data"), 0);
    assert_int_equal(store_create_bucket(store, arena, STR("photos")), STATUS_OK);
}

/* --- races ---------------------------------------------------------------------------------------
 */

enum { THREADS = 8, ROUNDS = 40 };

struct racer {
    struct fixture own; /* an arena and nothing else */
    int number;
    int wins;
};

/* Each round every thread wants to be the one that creates the same key. */
static void *race_to_create(void *context)
{
    struct racer *racer = context;
    for (int round = 0; round < ROUNDS; round++) {
        struct str key = arena_printf(&racer->own.arena, "deep/%d/key", round);
        enum status status = fixture_put(&racer->own, key, STR("x"), if_absent);
        racer->wins += status == STATUS_OK;
        if (status != STATUS_OK && status != STATUS_PRECONDITION)
            racer->wins += 1000;
    }
    return NULL;
}

/* Put and delete in the same folders, which come and go under everyone's feet. */
static void *put_and_delete(void *context)
{
    struct racer *racer = context;
    for (int round = 0; round < ROUNDS; round++) {
        struct str key = arena_printf(&racer->own.arena, "x/%d/y/%d", round % 2, racer->number);
        if (fixture_put(&racer->own, key, STR("x"), always) != STATUS_OK)
            racer->wins += 1000;
        if (store_delete_object(racer->own.store, &racer->own.arena, STR("photos"), key,
                (struct store_condition){ 0 }) != STATUS_OK)
            racer->wins += 1000;
    }
    return NULL;
}

static int run_racers(struct fixture *fixture, void *(*run)(void *))
{
    pthread_t threads[THREADS];
    struct racer racers[THREADS];
    int wins = 0;
    for (int i = 0; i < THREADS; i++) {
        racers[i] = (struct racer){ .own.store = fixture->store, .number = i };
        arena_init(&racers[i].own.arena);
        assert_int_equal(pthread_create(&threads[i], NULL, run, &racers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        arena_clear(&racers[i].own.arena);
        wins += racers[i].wins;
    }
    return wins;
}

static void of_parallel_creations_exactly_one_wins(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(run_racers(fixture, race_to_create), ROUNDS);
    assert_int_equal(fixture_count_files(fixture, "data"), ROUNDS);
    assert_int_equal(fixture_count_files(fixture, "uploads"), 0);
}

static void parallel_puts_and_deletes_never_fail(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(run_racers(fixture, put_and_delete), 0);
    store_sweep(fixture->store, 0);
    assert_int_equal(fixture_count_files(fixture, "data"), 0);
    assert_int_equal(
        store_delete_bucket(fixture->store, &fixture->arena, STR("photos")), STATUS_OK);
}

/* Several programs may serve one folder: the locks hold among processes too. */
static void of_creations_by_several_processes_exactly_one_wins(void **state)
{
    struct fixture *fixture = *state;
    pid_t children[4];
    int wins = 0;
    for (size_t i = 0; i < COUNT_OF(children); i++) {
        children[i] = fork();
        if (children[i] == 0) {
            struct racer racer = { .own.store = store_open(str_from_c(fixture->folder)) };
            arena_init(&racer.own.arena);
            race_to_create(&racer);
            _exit(racer.wins <= ROUNDS ? racer.wins : 255);
        }
    }
    for (size_t i = 0; i < COUNT_OF(children); i++) {
        int result;
        assert_int_equal(waitpid(children[i], &result, 0), children[i]);
        assert_true(WIFEXITED(result));
        wins += WEXITSTATUS(result);
    }
    assert_int_equal(wins, ROUNDS);
    store_sweep(fixture->store, 0);
    assert_int_equal(fixture_count_files(fixture, "data"), ROUNDS);
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(metadata_comes_back_as_it_was_given),
        STORE_TEST(an_aborted_upload_leaves_nothing),
        STORE_TEST(conditions_decide_at_the_commit),
        STORE_TEST(the_same_bytes_again_are_another_object),
        STORE_TEST(replaced_and_deleted_data_goes_with_the_sweep),
        STORE_TEST(a_note_about_a_living_object_harms_nothing),
        STORE_TEST(a_living_upload_survives_the_sweep_and_a_dead_one_does_not),
        STORE_TEST(deleting_prunes_folders_and_buckets_only_when_empty),
        STORE_TEST(of_parallel_creations_exactly_one_wins),
        STORE_TEST(of_creations_by_several_processes_exactly_one_wins),
        STORE_TEST(parallel_puts_and_deletes_never_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
