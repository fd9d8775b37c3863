/* Building requests out of an environment, as a web server does, and keeping cookies, as a browser
 * does. */
#include "browser.h"

#include "base/buf.h"
#include "base/clock.h"
#include "crypto/random.h"
#include "domain/account.h"
#include "sign/credentials.h"
#include "store/migrate.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ENVIRONMENT_MAX = 64, TEXT_MAX_BYTES = 4 * 1024 * 1024, ROUTES_MAX = 100 };

int route_hits[ROUTES_MAX];

static void check(bool is_fine, const char *what)
{
    if (is_fine)
        return;
    fprintf(stderr, "tests/pages: %s\n", what);
    exit(1);
}

/* --- the world --- */

/* Bytes 0 1 2 ... scattered a little, so that tokens do not look alike. */
static void count_bytes(void *context, void *out, size_t len)
{
    unsigned *next = context;

    for (size_t i = 0; i < len; i++) {
        *next = *next * 1103515245u + 12345u;
        ((unsigned char *)out)[i] = (unsigned char)(*next >> 16);
    }
}

static void fill_storage(struct world *world, int port)
{
    static struct s3_credentials credentials;
    static const struct http_limits limits = { .total_timeout_ms = 5000 };
    struct storage_options *storage = &world->options.domain.storage;
    struct url inside = { STR("http"), STR("127.0.0.1"), port, STR_EMPTY };
    struct url outside = { STR("http"), STR("localhost"), 8081, STR_EMPTY };

    credentials.access_key = STR("VTTESTKEY");
    check(secret_set(&credentials.secret_key, STR("not a secret")) == STATUS_OK, "secret_set");
    storage->credentials = credential_source_new_fixed(&credentials);
    storage->limits = &limits;
    storage->follows_host = true;
    check(s3_location_init(&storage->internal, &inside, true, STR("vitrine"), STR("us-east-1")) ==
                  STATUS_OK &&
              s3_location_init(&storage->external, &outside, true, STR("vitrine"),
                  STR("us-east-1")) == STATUS_OK,
        "s3_location_init");
}

static void add_account(struct world *world, const char *email, const char *name, enum role role)
{
    struct task task;
    struct account account;
    struct account_new wanted = { str_from_c(email), str_from_c(name), STR("correct horse battery"),
        role };

    task_init(&task, &world->thread.domain, &world->arena, ACTOR_SYSTEM, STR_EMPTY);
    check(account_create(&task, &wanted, &account) == STATUS_OK, "account_create");
}

void world_open(struct world *world)
{
    static unsigned seed = 7;
    struct migration_report report;

    memset(world, 0, sizeof(*world));
    arena_init(&world->arena);
    world_wait(world, WORLD_NOW);
    random_inject(count_bytes, &seed);
    snprintf(world->folder, sizeof(world->folder), "/tmp/vitrine-pages-XXXXXX");
    check(mkdtemp(world->folder) != NULL, "mkdtemp");
    domain_options_init(&world->options.domain);
    world->options.domain.database_path =
        arena_printf(&world->arena, "%s/vitrine.db", world->folder).ptr;
    world->options.domain.spool_folder = world->folder;
    world->options.templates_folder = STR("templates");
    world->options.version = STR("0.0.0-test");
    world->options.asset_version = STR("test");
    world->options.domain.jwt.ring[0] =
        jwt_key_from_secret(STR("not a secret, but long enough to be one"));
    world->options.domain.jwt.ring_count = 1;
    fill_storage(world, stub_storage_start());
    world->options.domain.storage.has_post_policy = true;
    check(
        migrate_database(&world->arena, world->options.domain.database_path, &report) == STATUS_OK,
        "migrate_database");
    check(app_open(&world->app, &world->options) == STATUS_OK, "app_open");
    check(app_thread_open(&world->thread, &world->app) == STATUS_OK, "app_thread_open");
    add_account(world, "ada@example.org", "Ada Lovelace", ROLE_ADMIN);
    add_account(world, "grace@example.org", "Grace Hopper", ROLE_EDITOR);
    add_account(world, "katherine@example.org", "Katherine Johnson", ROLE_VIEWER);
}

static int remove_one(const char *path, const struct stat *stat_of, int type, struct FTW *walk)
{
    (void)stat_of;
    (void)type;
    (void)walk;
    return remove(path);
}

void world_close(struct world *world)
{
    app_thread_close(&world->thread);
    credential_source_free(world->options.domain.storage.credentials);
    app_close(&world->app);
    stub_storage_stop();
    random_inject(NULL, NULL);
    clock_thaw();
    nftw(world->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    arena_clear(&world->arena);
}

void world_wait(struct world *world, int64_t seconds)
{
    world->now_s += seconds;
    clock_freeze(world->now_s);
}

/* --- cookies --- */

void browser_clear(struct browser *browser)
{
    memset(browser->cookie_name, 0, sizeof(browser->cookie_name));
}

static void keep_cookie(struct browser *browser, struct str cookie)
{
    struct str name, value, rest = cookie;
    bool is_removal = str_find(cookie, STR("Max-Age=0")) >= 0;

    check(str_split(&rest, '=', &name) && str_split(&rest, ';', &value), "Set-Cookie");
    for (size_t i = 0; i < BROWSER_COOKIES_MAX; i++) {
        bool is_same = str_equal(str_from_c(browser->cookie_name[i]), name);
        if (!is_same && browser->cookie_name[i][0] != '\0')
            continue;
        snprintf(browser->cookie_name[i], sizeof(browser->cookie_name[i]), "%.*s",
            is_removal ? 0 : (int)name.len, name.ptr);
        snprintf(
            browser->cookie_value[i], sizeof(browser->cookie_value[i]), "%.*s", STR_ARG(value));
        return;
    }
    check(false, "too many cookies");
}

static struct str cookies(struct world *world, const struct browser *browser)
{
    struct buf out;

    buf_init_arena(&out, &world->arena, 4096);
    for (size_t i = 0; i < BROWSER_COOKIES_MAX; i++)
        if (browser->cookie_name[i][0] != '\0')
            buf_printf(&out, "%s%s=%s", out.len > 0 ? "; " : "", browser->cookie_name[i],
                browser->cookie_value[i]);
    return buf_str(&out);
}

/* --- requests --- */

struct memory {
    struct str left;
};

static ssize_t read_memory(void *context, void *buffer, size_t len)
{
    struct memory *memory = context;

    if (len > memory->left.len)
        len = memory->left.len;
    if (len > 0)
        memcpy(buffer, memory->left.ptr, len);
    memory->left = str_from_offset(memory->left, len);
    return (ssize_t)len;
}

static int write_nothing(void *context, const void *bytes, size_t len)
{
    (void)context;
    (void)bytes;
    (void)len;
    return 0;
}

/* Replace {name} by `value` everywhere. */
static struct str fill(struct arena *arena, struct str text, struct str name, struct str value)
{
    struct buf out;
    ssize_t at;

    buf_init_arena(&out, arena, TEXT_MAX_BYTES);
    while ((at = str_find(text, name)) >= 0) {
        buf_put(&out, str_head(text, (size_t)at));
        buf_put(&out, value);
        text = str_from_offset(text, (size_t)at + name.len);
    }
    buf_put(&out, text);
    return buf_str(&out);
}

static struct str fill_all(struct world *world, const struct browser *browser, const char *text)
{
    struct arena *arena = &world->arena;
    struct str out = fill(arena, str_from_c(text), STR("{csrf}"), str_from_c(browser->csrf));

    out = fill(arena, out, STR("{key}"), str_from_c(world->last_key));
    out = fill(arena, out, STR("{id}"), str_from_c(world->last_id));
    return fill(
        arena, out, STR("{picture}"), str_from((const char *)stub_picture, stub_picture_size));
}

struct environment {
    char *item[ENVIRONMENT_MAX];
    size_t count;
};

static void set(
    struct world *world, struct environment *environment, const char *name, struct str value)
{
    check(environment->count + 1 < ENVIRONMENT_MAX, "too many variables");
    environment->item[environment->count++] =
        arena_c_string(&world->arena, arena_printf(&world->arena, "%s=%.*s", name, STR_ARG(value)));
}

/* "Sec-Fetch-Site: same-origin" is HTTP_SEC_FETCH_SITE */
static void set_headers(struct world *world, struct environment *environment, struct str headers)
{
    struct str line, name;

    while (!str_is_empty(headers) && str_split(&headers, '\n', &line)) {
        char *variable;
        if (!str_split(&line, ':', &name) || str_is_empty(name))
            continue;
        variable = arena_c_string(&world->arena, ARENA_JOIN(&world->arena, STR("HTTP_"), name));
        for (char *c = variable; *c != '\0'; c++)
            *c = *c == '-' ? '_' : (char)(*c >= 'a' && *c <= 'z' ? *c - 32 : *c);
        set(world, environment, variable, str_trim(line));
    }
}

static void build(struct world *world, const struct browser *browser, const struct visit *visit,
    struct str body, struct environment *out)
{
    struct str path = fill_all(world, browser, visit->path);

    set(world, out, "REQUEST_METHOD", str_from_c(visit->method));
    set(world, out, "REQUEST_URI", path);
    set(world, out, "HTTP_HOST", STR("localhost:8080"));
    set(world, out, "REMOTE_ADDR", str_from_c(browser->address));
    set(world, out, "HTTP_USER_AGENT",
        STR("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"));
    if (!str_is_empty(cookies(world, browser)))
        set(world, out, "HTTP_COOKIE", cookies(world, browser));
    if (visit->body != NULL)
        set(world, out, "CONTENT_LENGTH", arena_printf(&world->arena, "%zu", body.len));
    if (visit->type != NULL)
        set(world, out, "CONTENT_TYPE", str_from_c(visit->type));
    if (visit->headers != NULL)
        set_headers(world, out, fill_all(world, browser, visit->headers));
}

static void note_route(struct request *request, const struct reply *reply)
{
    struct exchange exchange = { .request = request, .arena = request->arena };

    if (route_match(&exchange, STR_EMPTY) == STATUS_OK && reply->http_status != 404)
        route_hits[exchange.route - route_table]++;
}

/* The text from `mark` to the quote or comma that ends it. */
static void keep_member(struct str body, struct str mark, char *out, size_t size)
{
    size_t from = (size_t)str_find(body, mark) + mark.len, to = from;

    while (to < body.len && strchr("\",}", body.ptr[to]) == NULL)
        to++;
    snprintf(out, size, "%.*s", (int)(to - from), body.ptr + from);
}

/* What the answer leaves with the browser. */
static void learn(struct world *world, struct browser *browser, const struct reply *reply)
{
    struct str body = buf_str(&reply->body);
    static const struct str key_members[] = { STR_INIT("\"fileKey\":\""),
        STR_INIT("\"file_key\":\""), STR_INIT("\"file_id\":\"") }; /* of other systems' APIs */
    struct str mark = STR("name=\"csrf\" value=\"");
    ssize_t at = str_find(body, mark);

    static const struct str uploads[] = { STR_INIT("/admin/upload/form/"),
        STR_INIT("/images/multipart/") };

    for (size_t i = 0; i < reply->header_count; i++) {
        if (str_equal_nocase(reply->headers[i].name, STR("Set-Cookie")))
            keep_cookie(browser, reply->headers[i].value);
        for (size_t j = 0; j < COUNT_OF(uploads); j++)
            if (str_starts_with(reply->headers[i].value, uploads[j]))
                keep_member(
                    reply->headers[i].value, uploads[j], world->last_id, sizeof(world->last_id));
    }
    if (at >= 0)
        snprintf(browser->csrf, sizeof(browser->csrf), "%.43s", body.ptr + at + mark.len);
    if (str_find(body, STR("\"method\":\"PUT\"")) >= 0 && str_find(body, STR("\"key\":\"")) >= 0)
        keep_member(body, STR("\"key\":\""), world->last_key, sizeof(world->last_key));
    for (size_t i = 0; i < COUNT_OF(key_members); i++)
        if (str_find(body, key_members[i]) >= 0)
            keep_member(body, key_members[i], world->last_key, sizeof(world->last_key));
    if (str_starts_with(body, STR("{\"image\":")) ||
        str_starts_with(body, STR("{\"message\":\"Image uploaded")))
        keep_member(body, STR("\"id\":"), world->last_id, sizeof(world->last_id));
}

static struct str head_text(struct arena *arena, const struct reply *reply)
{
    struct buf out;

    buf_init_arena(&out, arena, TEXT_MAX_BYTES);
    for (size_t i = 0; i < reply->header_count; i++)
        buf_printf(&out, "%.*s: %.*s\n", STR_ARG(reply->headers[i].name),
            STR_ARG(reply->headers[i].value));
    return buf_str(&out);
}

void browser_visit(
    struct world *world, struct browser *browser, const struct visit *visit, struct answer *out)
{
    struct arena *arena = &world->arena; /* kept: the test reads all of it afterwards */
    struct environment environment = { .count = 0 };
    struct str body = fill_all(world, browser, visit->body);
    struct memory memory = { body };
    struct request *request = ARENA_NEW(arena, struct request);
    struct reply *reply = ARENA_NEW(arena, struct reply);
    enum status status;

    build(world, browser, visit, body, &environment);
    status = request_from_environment(
        request, arena, environment.item, (struct body_source){ read_memory, &memory });
    check(status == STATUS_OK, "request_from_environment");
    request->id = STR("0123456789abcdef");
    reply_init(reply, arena, (struct reply_sink){ write_nothing, NULL });
    reply->is_head = request->method == METHOD_HEAD;
    app_handle(&world->thread, request, reply);
    app_after(&world->thread);
    note_route(request, reply);
    learn(world, browser, reply);
    *out = (struct answer){ reply->http_status, head_text(arena, reply), buf_str(&reply->body) };
}
