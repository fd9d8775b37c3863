/*
 * objects.fcgi - the embedded S3 endpoint behind a web server: FastCGI, or one request as plain
 * CGI.
 *
 *     objects.fcgi                  on the socket that the web server hands over as fd 0
 *     objects.fcgi --socket PATH    listening on a socket of its own (nginx, systemd)
 *
 * Settings come from the environment (`vitrine config`): OBJECTS_ROOT, S3_REGION, S3_BUCKET (made
 * at start), S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, MAX_FILE_SIZE (for presigned requests; who
 * has the keys may store up to 5 GiB), SENDFILE, THREADS, LOG_LEVEL. SIGTERM finishes what runs and
 * ends. Exit codes: 0 stopped, 1 could not start or serve, 2 settings are wrong.
 */
#include "objects/objects.h"
#include "base/log.h"
#include "cgi/worker.h"
#include "main/config.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

extern char **environ;

enum { THREADS_MAX = 256, DRAIN_MAX_BYTES = 256 * 1024, BODY_MIN_BYTES_PER_S = 1000 };

static enum objects_sendfile sendfile_of(enum config_sendfile sendfile)
{
    switch (sendfile) {
    case CONFIG_SENDFILE_X_SENDFILE:
        return OBJECTS_X_SENDFILE;
    case CONFIG_SENDFILE_X_ACCEL:
        return OBJECTS_X_ACCEL_REDIRECT;
    default:
        return OBJECTS_SEND_OURSELVES;
    }
}

/* An upload keeps its thread for as long as the client takes to send it, and browsers send several
 * at once: with as many threads as the application has, two slow lines would keep everyone from
 * seeing pictures. A waiting thread costs little. */
static int thread_count(const struct config *config)
{
    int64_t threads = config->threads * 4;
    return (int)(threads < THREADS_MAX ? threads : THREADS_MAX);
}

static int serve(struct objects *objects, const struct config *config, const char *socket_path)
{
    struct worker_program program = { objects_thread_open, objects_handle, NULL,
        objects_thread_close, NULL, objects };
    struct worker_options options = { thread_count(config), socket_path,
        { config->upload_timeout_s, BODY_MIN_BYTES_PER_S }, DRAIN_MAX_BYTES };
    return worker_run(&program, &options);
}

static int run(struct arena *arena, const char *socket_path)
{
    struct config config;
    struct config_problems problems;
    struct s3_credentials credentials = { .access_key = STR_EMPTY };

    if (config_load(arena, environ, CONFIG_NEEDS_STORAGE_KEYS, &config, &problems) != STATUS_OK) {
        config_print_problems(&problems);
        return 2;
    }
    config_clear(&config); /* it signs no URLs */
    log_set_level(config.log_level);
    credentials.access_key = config.s3.access_key_id;
    if (secret_set(&credentials.secret_key, config.s3.secret_access_key) != STATUS_OK)
        return 2; /* longer than the settings allow */
    struct objects_config settings = {
        .root = config.objects_root,
        .region = config.s3.region,
        .credentials = &credentials,
        .credential_count = 1,
        .sendfile = sendfile_of(config.sendfile),
        /* what is larger comes in parts */
        .max_presigned_bytes = config.max_file_bytes < OBJECTS_SIZE_MAX_BYTES
                                   ? config.max_file_bytes
                                   : OBJECTS_SIZE_MAX_BYTES,
        .threads = (size_t)thread_count(&config),
        .proxies = config.trusted_proxies,
        .default_bucket = config.s3.bucket,
    };
    settings.proxies.header = config.proxy_header;
    struct objects *objects = objects_open(&settings);
    int code = objects ? serve(objects, &config, socket_path) : 1;
    objects_close(objects);
    secret_clear(&credentials.secret_key);
    return code;
}

int main(int argc, char **argv)
{
    struct arena arena;
    const char *socket_path = NULL;

    if (argc == 3 && strcmp(argv[1], "--socket") == 0) {
        socket_path = argv[2];
    } else if (argc != 1) {
        fprintf(stderr, "usage: objects.fcgi [--socket PATH]\n");
        return 2;
    }
    signal(SIGXFSZ, SIG_IGN); /* a file size limit is told as a full disk, it does not end us */
    arena_init(&arena);
    int code = run(&arena, socket_path);
    arena_clear(&arena);
    return code;
}
