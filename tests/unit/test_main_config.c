/* Settings: every row by default and by name, every parser's edges, and all problems at once. */
#include "unit.h"

#include "main/config.h"
#include "main/setting.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder of its own, entered, so that ./.env and DATA are the test's. */
static char folder[] = "/tmp/vitrine-config-XXXXXX";
static int old_folder;

static int enter_folder(void **state)
{
    (void)state;
    old_folder = open(".", O_RDONLY | O_DIRECTORY);
    return old_folder < 0 || mkdtemp(folder) == NULL || chdir(folder) != 0 || mkdir("data", 0700);
}

static int leave_folder(void **state)
{
    (void)state;
    unlink(".env");
    unlink("data/settings.env");
    rmdir("data");
    return fchdir(old_folder) != 0 || close(old_folder) != 0 || rmdir(folder) != 0;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static enum status load(struct arena *arena, struct config *config,
    struct config_problems *problems, const char *const *environment)
{
    return config_load(
        arena, (char **)(uintptr_t)environment, CONFIG_BEFORE_INIT, config, problems);
}

#define LOAD(...)                                                                                  \
    load(*state, &config, &problems, (const char *const[]){ "DATA=data", __VA_ARGS__, NULL })

static void nothing_set_gives_the_defaults(void **state)
{
    struct config config;
    struct config_problems problems;

    assert_int_equal(LOAD("X=y"), STATUS_OK);
    expect_int("PORT", config.port, 8080);
    expect_int("OBJECTS_PORT follows PORT", config.objects_port, 8081);
    expect_int("THREADS", config.threads, 8);
    expect_int("MAX_FILE_SIZE", config.max_file_bytes, 50000000);
    assert_true(config.s3.is_embedded && config.s3.path_style && config.s3.conditional_put);
    expect_str("endpoint", config.s3.endpoint_url, STR("http://127.0.0.1:8081"));
    assert_true(str_starts_with(config.data, STR("/tmp/vitrine-config-")));
    assert_true(str_ends_with(config.database, STR("/data/vitrine.db")));
    assert_true(str_ends_with(config.objects_root, STR("/data/objects")));
}

static void every_default_is_accepted_by_its_own_parser(void **state)
{
    for (size_t i = 0; i < setting_count; i++) {
        struct config config;
        const struct setting *setting = &setting_table[i];

        if (setting->fallback == NULL)
            continue;
        if (!setting->parse(
                *state, setting, str_from_c(setting->fallback), (char *)&config + setting->offset))
            fail_msg("%s refuses its own default", setting->name);
    }
}

static void every_row_reads_as_a_sentence_and_is_there_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < setting_count; i++) {
        const struct setting *setting = &setting_table[i];
        assert_true(str_ends_with(str_from_c(setting->doc), STR(".")));
        assert_non_null(setting->expects);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(setting->name, setting_table[j].name);
    }
}

struct value_case {
    const char *given;
    bool is_fine;
};

static void each_parser_keeps_its_bounds(void **state)
{
    static const struct value_case cases[] = {
        { "PORT=1", true },
        { "PORT=65534", true },
        { "PORT=0", false },
        { "PORT=65535", false },
        { "PORT=-1", false },
        { "PORT=80 80", false },
        { "PORT=0x50", false },
        { "MAX_FILE_SIZE=1", true },
        { "MAX_FILE_SIZE=5GB", true },
        { "MAX_FILE_SIZE=10 mb", true },
        { "MAX_FILE_SIZE=0", false },
        { "MAX_FILE_SIZE=5TB", true },
        { "MAX_FILE_SIZE=6TB", false },
        { "MULTIPART_PART_SIZE=5MiB", true },
        { "MULTIPART_PART_SIZE=5MB", false },
        { "MULTIPART_PART_SIZE=5GiB", true },
        { "MULTIPART_PART_SIZE=MiB", false },
        { "MAX_FILE_SIZE=MB", false },
        { "MAX_FILE_SIZE=9999999999999999999GB", false },
        { "MAX_FILE_SIZE=-1MB", false },
        { "PUBLIC_URL=http://a.example", true },
        { "PUBLIC_URL=https://needs.storage.by.https", false },
        { "PUBLIC_URL=http://[::1]:8080/", true },
        { "PUBLIC_URL=http://a.example/path", false },
        { "PUBLIC_URL=a.example", false },
        { "PUBLIC_URL=ftp://a.example", false },
        { "PUBLIC_URL=http://u:p@a.example", false },
        { "S3_BUCKET=abc", true },
        { "S3_BUCKET=ab", false },
        { "S3_BUCKET=Abc", false },
        { "S3_BUCKET=a..b", false },
        { "S3_BUCKET=-ab", false },
        { "S3_BUCKET=a_b", false },
        { "ALLOWED_FILE_TYPES=image/png", true },
        { "ALLOWED_FILE_TYPES=IMAGE/PNG, image/gif", true },
        { "ALLOWED_FILE_TYPES=png", false },
        { "ALLOWED_FILE_TYPES=image/png,,", false },
        { "ALLOWED_FILE_TYPES=image/png;x=1", false },
        { "ALLOWED_FILE_TYPES=a/b/c", false },
        { "LOG_LEVEL=WARN", true },
        { "LOG_LEVEL=loud", false },
        { "LIBRARY=shared", true },
        { "S3_CHECKSUM=off", true },
        { "S3_CHECKSUM=1", true },
        { "S3_CHECKSUM=maybe", false },
        { "S3_EMBEDDED=yes", true },
        { "S3_EMBEDDED=perhaps", false },
        { "DISPLAY_URL_EXPIRATION=2", true },
        { "DISPLAY_URL_EXPIRATION=1", false },
        { "DISPLAY_URL_EXPIRATION=604801", false },
        { "ADMIN_EMAIL=a@b", true },
        { "ADMIN_EMAIL=ab", false },
        { "ADMIN_EMAIL=a@b@c", false },
        { "ADMIN_PASSWORD=short", false },
        { "OBJECTS_PORT=8080", false },
        { "BIND=0.0.0.0", true },
        { "BIND=[::1]", true },
        { "BIND=::", true },
        { "BIND=999.1.1.1", false },
        { "BIND=*", false },
        { "BIND=[", false },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct config config;
        struct config_problems problems;
        enum status status = LOAD(cases[i].given);
        if ((status == STATUS_OK) != cases[i].is_fine || (problems.count == 0) != cases[i].is_fine)
            fail_msg("%s: %zu problems", cases[i].given, problems.count);
    }
}

static void all_problems_are_told_and_none_shows_a_secret(void **state)
{
    struct config config;
    struct config_problems problems;

    assert_int_equal(LOAD("PORT=x", "THREADS=0", "S3_SECRET_ACCESS_KEY=tiny77", "LIBRARY=open",
                         "JWT_SECRET=small88"),
        STATUS_INVALID);
    expect_int("problems", problems.count, 5);
    for (size_t i = 0; i < problems.count; i++) {
        assert_true(str_find(problems.item[i], STR("tiny77")) < 0);
        assert_true(str_find(problems.item[i], STR("small88")) < 0);
    }
}

static void the_environment_wins_over_dotenv_over_settings_env(void **state)
{
    struct config config;
    struct config_problems problems;

    write_file("data/settings.env", "THREADS=2\nPORT=2000\nBIND=127.0.0.2\n", 0600);
    write_file(".env", "# a comment\n\nexport THREADS=3\nPORT=\"3000\"\n", 0644);
    assert_int_equal(LOAD("THREADS=4"), STATUS_OK);
    expect_int("THREADS of the environment", config.threads, 4);
    expect_int("PORT of .env", config.port, 3000);
    expect_str("BIND of settings.env", config.bind, STR("127.0.0.2"));
    expect_str("its endpoint", config.s3.endpoint_url, STR("http://127.0.0.2:3001"));
    unlink(".env");
    unlink("data/settings.env");
}

static void comments_may_stand_behind_values(void **state)
{
    struct config config;
    struct config_problems problems;

    write_file(".env",
        "THREADS=3  # threads\nS3_ENDPOINT_URL=  # none\nS3_REGION='eu-1' # there\n"
        "S3_BUCKET=\"pictures\"\t#x\nADMIN_PASSWORD=long#enough#for me # not this\n",
        0600);
    assert_int_equal(LOAD("X=y"), STATUS_OK);
    expect_int("THREADS", config.threads, 3);
    expect_str(
        "no address: the embedded endpoint", config.s3.endpoint_url, STR("http://127.0.0.1:8081"));
    expect_str("S3_REGION", config.s3.region, STR("eu-1"));
    expect_str("S3_BUCKET", config.s3.bucket, STR("pictures"));
    expect_str("ADMIN_PASSWORD", config.admin_password, STR("long#enough#for me"));
    unlink(".env");
}

static void settings_env_must_be_its_owners_alone(void **state)
{
    struct config config;
    struct config_problems problems;

    write_file("data/settings.env", "THREADS=2\n", 0640);
    assert_int_equal(LOAD("X=y"), STATUS_INVALID);
    assert_true(str_find(problems.item[0], STR("chmod 600")) > 0);
    unlink("data/settings.env");
}

static void a_line_that_is_none_is_told_with_its_number(void **state)
{
    struct config config;
    struct config_problems problems;

    write_file(".env", "THREADS=2\nnonsense\n1A=b\nB=\"open\nC='a'b'\nD='a'#b\n", 0644);
    assert_int_equal(LOAD("X=y"), STATUS_INVALID);
    expect_int("problems", problems.count, 5);
    assert_true(str_find(problems.item[0], STR(".env, line 2")) >= 0);
    unlink(".env");
}

static void aliases_work_and_the_first_name_wins(void **state)
{
    struct config config;
    struct config_problems problems;

    assert_int_equal(LOAD("AWS_ENDPOINT_URL=http://s3.example:9000", "AWS_REGION=eu-west-1",
                         "AWS_ACCESS_KEY_ID=ID", "AWS_SECRET_ACCESS_KEY=secretsecret",
                         "S3_BUCKET_NAME=pictures", "AWS_S3_BUCKET=others"),
        STATUS_OK);
    expect_str("endpoint", config.s3.endpoint_url, STR("http://s3.example:9000"));
    expect_str("region", config.s3.region, STR("eu-west-1"));
    expect_str("bucket", config.s3.bucket, STR("pictures"));
    assert_false(config.s3.is_embedded);
}

static void minutes_of_upload_grants_count_where_no_seconds_are_given(void **state)
{
    struct config config;
    struct config_problems problems;

    assert_int_equal(LOAD("UPLOAD_EXPIRY_MINUTES=60"), STATUS_OK);
    assert_int_equal(config.upload_ttl_s, 3600);
    assert_int_equal(LOAD("UPLOAD_EXPIRY_MINUTES=60", "PRESIGNED_URL_EXPIRATION=600"), STATUS_OK);
    assert_int_equal(config.upload_ttl_s, 600);
    assert_int_equal(LOAD("UPLOAD_EXPIRY_MINUTES=10081"), STATUS_INVALID);
}

static void a_shell_with_aws_keys_does_not_change_our_own_storage(void **state)
{
    struct config config;
    struct config_problems problems;

    write_file(
        "data/settings.env", "S3_ACCESS_KEY_ID=VTOWN\nS3_SECRET_ACCESS_KEY=ourownsecret\n", 0600);
    assert_int_equal(LOAD("AWS_ACCESS_KEY_ID=AKIA", "AWS_SECRET_ACCESS_KEY=secretsecret",
                         "AWS_SESSION_TOKEN=token", "AWS_REGION=eu-west-1"),
        STATUS_OK);
    expect_str("key", config.s3.access_key_id, STR("VTOWN"));
    expect_str("token", config.s3.session_token, STR_EMPTY);
    expect_str("region", config.s3.region, STR("us-east-1"));

    assert_int_equal(LOAD("S3_EMBEDDED=off", "AWS_ACCESS_KEY_ID=AKIA",
                         "AWS_SECRET_ACCESS_KEY=secretsecret", "AWS_REGION=eu-west-1"),
        STATUS_OK);
    expect_str("key", config.s3.access_key_id, STR("AKIA"));
    expect_str("endpoint", config.s3.endpoint_url, STR("https://s3.eu-west-1.amazonaws.com"));
    assert_false(config.s3.path_style);

    /* the embedded storage's keys are not sent to AWS: the chain has to find others */
    assert_int_equal(LOAD("S3_EMBEDDED=off"), STATUS_OK);
    expect_str("key", config.s3.access_key_id, STR_EMPTY);
    unlink("data/settings.env");
}

static void encryption_needs_storage_that_can_do_it(void **state)
{
    static const struct {
        const char *sse, *key, *bucket_key;
        const char *problem; /* NULL: fine with storage elsewhere */
    } cases[] = {
        { "S3_SSE=off", "X=1", "X=2", NULL },
        { "S3_SSE=AES256", "X=1", "X=2", NULL },
        { "S3_SSE=aws:kms", "X=1", "X=2", NULL },
        { "S3_SSE=AWS:KMS", "S3_SSE_KMS_KEY_ID=alias/k", "S3_SSE_BUCKET_KEY=on", NULL },
        { "S3_SSE=kms", "X=1", "X=2", "off, AES256 or aws:kms" },
        { "S3_SSE=AES256", "S3_SSE_KMS_KEY_ID=k", "X=2", "S3_SSE_KMS_KEY_ID works only" },
        { "S3_SSE=off", "X=1", "S3_SSE_BUCKET_KEY=on", "S3_SSE_BUCKET_KEY works only" },
    };
    struct config config;
    struct config_problems problems;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        enum status status = LOAD("S3_ENDPOINT_URL=http://s3.example:9000", "S3_ACCESS_KEY_ID=VTID",
            "S3_SECRET_ACCESS_KEY=verysecret", cases[i].sse, cases[i].key, cases[i].bucket_key);

        expect_int(cases[i].sse, status, cases[i].problem ? STATUS_INVALID : STATUS_OK);
        if (cases[i].problem) {
            assert_true(str_find(problems.item[0], str_from_c(cases[i].problem)) >= 0);
        }
    }
    expect_int("embedded", LOAD("S3_SSE=AES256"), STATUS_INVALID);
    assert_true(str_find(problems.item[0], STR("does not encrypt")) > 0);
}

static void descriptions_mask_secrets(void **state)
{
    struct config config;
    struct config_problems problems;

    assert_int_equal(LOAD("S3_ACCESS_KEY_ID=VTID", "S3_SECRET_ACCESS_KEY=verysecret",
                         "ADMIN_PASSWORD=verysecret too"),
        STATUS_OK);
    assert_true(str_find(config_describe(*state, &config), STR("verysecret")) < 0);
    assert_true(str_find(config_describe_json(*state, &config), STR("verysecret")) < 0);
    assert_true(str_find(config_describe(*state, &config), STR("VTID")) > 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST("nothing set gives the defaults", nothing_set_gives_the_defaults),
        TEST("every default is accepted by its own parser",
            every_default_is_accepted_by_its_own_parser),
        TEST("every row reads as a sentence and is there once",
            every_row_reads_as_a_sentence_and_is_there_once),
        TEST("each parser keeps its bounds", each_parser_keeps_its_bounds),
        TEST("all problems are told and none shows a secret",
            all_problems_are_told_and_none_shows_a_secret),
        TEST("the environment wins over .env over settings.env",
            the_environment_wins_over_dotenv_over_settings_env),
        TEST("comments may stand behind values", comments_may_stand_behind_values),
        TEST("settings.env must be its owner's alone", settings_env_must_be_its_owners_alone),
        TEST("a line that is none is told with its number",
            a_line_that_is_none_is_told_with_its_number),
        TEST("aliases work and the first name wins", aliases_work_and_the_first_name_wins),
        TEST("minutes of upload grants count where no seconds are given",
            minutes_of_upload_grants_count_where_no_seconds_are_given),
        TEST("a shell with AWS keys does not change our own storage",
            a_shell_with_aws_keys_does_not_change_our_own_storage),
        TEST("encryption needs storage that can do it", encryption_needs_storage_that_can_do_it),
        TEST("descriptions mask secrets", descriptions_mask_secrets),
    };

    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
