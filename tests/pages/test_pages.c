/*
 * Every page, every API and every kind of error as a whole answer, compared with a golden file.
 *
 * One story, told in order: the rows of a table, each one request of one person. Later rows see
 * what earlier ones changed, as people do.
 */
#include "golden.h"
#include "jobs_of_pages.h"
#include "signing_keys.h"
#include "unit.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "domain/token.h"

#include <fcntl.h>
#include <unistd.h>

/* Who asks. */
enum who { NOBODY, ADA, ADA2, GRACE, KATHERINE, SCRIPT, WHO__COUNT };

#define FORM  "application/x-www-form-urlencoded"
#define JSON  "application/json"
#define PARTS "multipart/form-data; boundary=frontier"
#define OURS  "Origin: http://localhost:8080\n"
#define HTML  "Accept: text/html\n"

#define FIELD(name, value)                                                                         \
    "--frontier\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define FILE_PART(filename, type, content)                                                         \
    "--frontier\r\nContent-Disposition: form-data; name=\"files\"; filename=\"" filename           \
    "\"\r\nContent-Type: " type "\r\n\r\n" content "\r\n"
#define ONE_FILE(field, filename, content)                                                         \
    "--frontier\r\nContent-Disposition: form-data; name=\"" field "\"; filename=\"" filename       \
    "\"\r\nContent-Type: image/png\r\n\r\n" content "\r\n" PARTS_END
#define PARTS_END "--frontier--\r\n"

struct step {
    const char *name; /* of the test and of its golden file */
    enum who who;
    struct visit visit;
    int http_status;
    enum stub_mode storage; /* how the storage behaves meanwhile */
    int64_t wait_s;         /* time that passes before */
    struct quota quota;     /* of everyone, meanwhile */
    int64_t reads_an_hour;  /* the limit of everyone, meanwhile; 0: none */
    void (*prepare)(
        struct world *world); /* what happened before, without a request; NULL: nothing */
};

#define SIGN_IN(email, password) "csrf={csrf}&email=" email "&password=" password

/* A row leaves out what is as usual at its end. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* clang-format off */
static const struct step steps[] = {
    /* --- nobody is signed in --- */
    { "root-leads-to-sign-in",         NOBODY, { "GET", "/", NULL, NULL, NULL }, 303 },
    { "page-leads-to-sign-in",         NOBODY, { "GET", "/admin/images?q=red%20boat", NULL, NULL, NULL }, 303 },
    { "api-says-401",                  NOBODY, { "GET", "/images", NULL, NULL, NULL }, 401 },
    { "permanent-address-needs-sign-in", NOBODY, { "GET", "/i/1", NULL, NULL, NULL }, 303 },
    { "sign-in",                       NOBODY, { "GET", "/sign-in?next=%2Fadmin%2Fupload", NULL, NULL, NULL }, 200 },
    { "sign-in-head",                  NOBODY, { "HEAD", "/sign-in", NULL, NULL, NULL }, 200 },
    { "sign-in-evil-next",             NOBODY, { "GET", "/sign-in?next=%2F%2Fevil.example", NULL, NULL, NULL }, 200 },
    { "sign-in-without-token",         NOBODY, { "POST", "/sign-in", FORM, "email=ada%40example.org&password=x", NULL }, 403 },
    { "sign-in-empty",                 NOBODY, { "POST", "/sign-in", FORM, SIGN_IN("", "") "&next=%2Fadmin%2Fupload", NULL }, 422 },
    { "sign-in-wrong-password",        NOBODY, { "POST", "/sign-in", FORM, SIGN_IN("ada%40example.org", "wrong"), NULL }, 422 },
    { "sign-in-unknown-account",       NOBODY, { "POST", "/sign-in", FORM, SIGN_IN("nobody%40example.org", "wrong"), NULL }, 422 },
    { "sign-in-wrong-type",            NOBODY, { "POST", "/sign-in", JSON, "{}", NULL }, 415 },
    { "sign-in-bad-escape",            NOBODY, { "POST", "/sign-in", FORM, "csrf=%zz", NULL }, 400 },
    { "page-not-found",                NOBODY, { "GET", "/nowhere", NULL, NULL, HTML }, 404 },
    { "api-not-found",                 NOBODY, { "GET", "/nowhere", NULL, NULL, NULL }, 404 },
    { "method-not-allowed-page",       NOBODY, { "DELETE", "/sign-in", NULL, NULL, NULL }, 405 },
    { "method-not-allowed-api",        NOBODY, { "PUT", "/images", NULL, NULL, NULL }, 405 },
    { "bad-query",                     NOBODY, { "GET", "/sign-in?next=%zz", NULL, NULL, NULL }, 400 },

    /* --- Ada signs in; there are no images --- */
    { "ada-opens-sign-in",             ADA, { "GET", "/sign-in", NULL, NULL, NULL }, 200 },
    { "ada-signs-in",                  ADA, { "POST", "/sign-in", FORM, SIGN_IN("ada%40example.org", "correct+horse+battery") "&next=%2Fadmin%2Fimages%3Fq%3Dx", NULL }, 303 },
    { "signed-in-root",                ADA, { "GET", "/", NULL, NULL, NULL }, 303 },
    { "sign-in-again-leads-on",        ADA, { "GET", "/sign-in", NULL, NULL, NULL }, 303 },
    { "images-empty",                  ADA, { "GET", "/admin/images", NULL, NULL, NULL }, 200 },
    { "images-no-match-when-empty",    ADA, { "GET", "/admin/images?q=boat", NULL, NULL, NULL }, 200 },
    { "upload",                        ADA, { "GET", "/admin/upload", NULL, NULL, NULL }, 200 },

    /* --- presign and commit --- */
    { "presign-minimal",               ADA, { "POST", "/images/presign-upload", JSON, "{\"filename\":\"cat.png\",\"filetype\":\"image/png\"}", OURS }, 200 },
    { "commit-before-upload",          ADA, { "POST", "/images", JSON, "{\"key\":\"{key}\",\"filename\":\"cat.png\",\"filetype\":\"image/png\"}", OURS }, 409, .storage = STUB_HAS_NOTHING },
    { "commit",                        ADA, { "POST", "/images", JSON, "{\"key\":\"{key}\",\"filename\":\"cat.png\",\"filetype\":\"image/png\"}", OURS }, 201 },
    { "commit-again",                  ADA, { "POST", "/images", JSON, "{\"key\":\"{key}\",\"filename\":\"cat.png\",\"filetype\":\"image/png\"}", OURS }, 200 },
    { "commit-foreign-key",            ADA, { "POST", "/images", JSON, "{\"key\":\"images/2026/11/nobodygrantedthis.png\"}", OURS }, 404 },
    { "presign-full",                  ADA, { "POST", "/images/presign-upload", JSON, "{\"filename\":\"Red boat <1>.png\",\"filetype\":\"image/png\",\"size\":45,\"sha256\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}", OURS }, 200 },
    { "commit-mismatch",               ADA, { "POST", "/images", JSON, "{\"key\":\"{key}\"}", OURS }, 422, .storage = STUB_HAS_HTML },
    { "attempts",                      ADA, { "POST", "/images/attempts", JSON, "{\"attempts\":[{\"key\":\"{key}\",\"stage\":\"put\",\"http_status\":503,\"error\":\"SlowDown\",\"ms\":120},{\"key\":\"images/nobody\",\"stage\":\"put\"}]}", OURS }, 202 },
    { "attempts-wrong-fields",         ADA, { "POST", "/images/attempts", JSON, "{\"attempts\":[{\"key\":\"\",\"ms\":-1},{}]}", OURS }, 422 },
    { "attempts-wrong-stage",          ADA, { "POST", "/images/attempts", JSON, "{\"attempts\":[{\"key\":\"a\",\"stage\":\"teleport\"}]}", OURS }, 422 },
    { "uploads-failed",                ADA, { "GET", "/admin/uploads", NULL, NULL, NULL }, 200 },
    { "uploads-bad-parameter",         ADA, { "GET", "/admin/uploads?before_at=soon", NULL, NULL, NULL }, 422 },
    { "upload-record",                 ADA, { "GET", "/admin/uploads/1", NULL, NULL, NULL }, 200 },
    { "upload-record-absent",          ADA, { "GET", "/admin/uploads/999999", NULL, NULL, NULL }, 404 },
    { "presign-type-refused",          ADA, { "POST", "/images/presign-upload", JSON, "{\"filename\":\"a.svg\",\"filetype\":\"image/svg+xml\"}", OURS }, 422 },
    { "presign-too-large",             ADA, { "POST", "/images/presign-upload", JSON, "{\"filename\":\"a.png\",\"filetype\":\"image/png\",\"size\":99000000000}", OURS }, 413 },
    { "presign-wrong-fields",          ADA, { "POST", "/images/presign-upload", JSON, "{\"filename\":7,\"size\":\"big\"}", OURS }, 422 },
    { "presign-not-json",              ADA, { "POST", "/images/presign-upload", JSON, "{\"filename\":", OURS }, 400 },
    { "presign-array",                 ADA, { "POST", "/images/presign-upload", JSON, "[]", OURS }, 400 },
    { "presign-other-site",            ADA, { "POST", "/images/presign-upload", JSON, "{}", "Origin: https://evil.example\n" }, 403 },
    { "presign-no-origin",             ADA, { "POST", "/images/presign-upload", JSON, "{}", NULL }, 403 },
    { "presign-fetch-site-cross",      ADA, { "POST", "/images/presign-upload", JSON, "{}", OURS "Sec-Fetch-Site: cross-site\n" }, 403 },
    { "presign-wrong-type",            ADA, { "POST", "/images/presign-upload", "text/plain", "{}", OURS }, 415 },
    { "presign-batch",                 ADA, { "POST", "/images/presign-uploads", JSON, "{\"files\":[{\"filename\":\"a.png\",\"filetype\":\"image/png\",\"size\":10},{\"filename\":\"b.exe\",\"filetype\":\"application/x-msdownload\"}]}", OURS "Sec-Fetch-Site: same-origin\n" }, 200 },
    { "presign-batch-wrong-fields",    ADA, { "POST", "/images/presign-uploads", JSON, "{\"files\":[{\"filename\":\"a.png\",\"filetype\":\"image/png\",\"size\":-1},7]}", OURS }, 422 },
    { "commit-storage-refuses",        ADA, { "POST", "/images", JSON, "{\"key\":\"{key}\"}", OURS }, 502, .storage = STUB_REFUSES },

    /* --- one image --- */
    { "images-one",                    ADA, { "GET", "/admin/images", NULL, NULL, NULL }, 200 },
    { "images-search",                 ADA, { "GET", "/admin/images?q=cat&owner=1", NULL, NULL, NULL }, 200 },
    { "images-no-match",               ADA, { "GET", "/admin/images?q=dog", NULL, NULL, NULL }, 200 },
    { "images-bad-parameter",          ADA, { "GET", "/admin/images?before=first", NULL, NULL, NULL }, 422 },
    { "image",                         ADA, { "GET", "/admin/images/1", NULL, NULL, NULL }, 200 },
    { "image-save",                    ADA, { "POST", "/admin/images/1", FORM, "csrf={csrf}&version=1&title=Cat+%3Cb%3E&alt=A+%22cat%22+%26+a+mat&tags=cats%2C+red+boat%2Ccats", NULL }, 303 },
    { "image-saved",                   ADA, { "GET", "/admin/images/1", NULL, NULL, NULL }, 200 },
    { "image-conflict",                ADA, { "POST", "/admin/images/1", FORM, "csrf={csrf}&version=1&title=Dog&alt=&tags=&decorative=1", NULL }, 409 },
    { "image-tag-too-long",            ADA, { "POST", "/admin/images/1", FORM, "csrf={csrf}&version=2&title=Dog&alt=&tags=0123456789012345678901234567890123456789012345678901234567890123456789", NULL }, 422 },
    { "image-without-version",         ADA, { "POST", "/admin/images/1", FORM, "csrf={csrf}&title=Dog", NULL }, 422 },
    { "image-stale-token",             ADA, { "POST", "/admin/images/1", FORM, "csrf=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&version=2", NULL }, 403 },
    { "image-not-found",               ADA, { "GET", "/admin/images/999", NULL, NULL, NULL }, 404 },
    { "image-form-too-large",          ADA, { "POST", "/admin/images/1", FORM, NULL, "Content-Length-Ignored: 1\n" }, 403 },
    { "permanent-address",             ADA, { "GET", "/i/1", NULL, NULL, NULL }, 302 },
    { "download",                      ADA, { "GET", "/admin/images/1/download", NULL, NULL, NULL }, 302 },
    { "api-list",                      ADA, { "GET", "/images?limit=1", NULL, NULL, NULL }, 200 },
    { "api-image",                     ADA, { "GET", "/images/1", NULL, NULL, NULL }, 200 },
    { "api-image-not-found",           ADA, { "GET", "/images/999", NULL, NULL, NULL }, 404 },
    { "api-signed-url",                ADA, { "GET", "/images/1/signed-url", NULL, NULL, NULL }, 200 },
    { "api-signed-url-by-key-missing", ADA, { "GET", "/images/signed-url", NULL, NULL, NULL }, 422 },
    { "api-signed-urls",               ADA, { "POST", "/images/signed-urls", JSON, "{\"ids\":[1,999,1]}", OURS }, 200 },
    { "api-signed-urls-wrong",         ADA, { "POST", "/images/signed-urls", JSON, "{\"ids\":[1,\"2\"]}", OURS }, 422 },
    { "api-patch",                     ADA, { "PATCH", "/images/1", JSON, "{\"version\":2,\"alt\":\"\",\"decorative\":true,\"tags\":[\"sea\"]}", OURS }, 200 },
    { "api-patch-conflict",            ADA, { "PATCH", "/images/1", JSON, "{\"version\":2,\"title\":\"Dog\"}", OURS }, 409 },
    { "api-patch-wrong-fields",        ADA, { "PATCH", "/images/1", JSON, "{\"title\":[],\"tags\":\"sea\"}", OURS }, 422 },

    /* --- others see what they may --- */
    { "grace-opens-sign-in",           GRACE, { "GET", "/sign-in", NULL, NULL, NULL }, 200 },
    { "grace-signs-in",                GRACE, { "POST", "/sign-in", FORM, SIGN_IN("grace%40example.org", "correct+horse+battery") "&next=%2F%2Fevil.example", NULL }, 303 },
    { "editor-does-not-see-others",    GRACE, { "GET", "/admin/images/1", NULL, NULL, NULL }, 404 },
    { "editor-api-does-not-see-others", GRACE, { "GET", "/images/1/signed-url", NULL, NULL, NULL }, 404 },
    { "editor-images-empty",           GRACE, { "GET", "/admin/images", NULL, NULL, NULL }, 200 },
    { "katherine-opens-sign-in",       KATHERINE, { "GET", "/sign-in", NULL, NULL, NULL }, 200 },
    { "katherine-signs-in",            KATHERINE, { "POST", "/sign-in", FORM, SIGN_IN("katherine%40example.org", "correct+horse+battery"), NULL }, 303 },
    { "viewer-images",                 KATHERINE, { "GET", "/admin/images", NULL, NULL, NULL }, 200 },
    { "viewer-may-not-upload",         KATHERINE, { "GET", "/admin/upload", NULL, NULL, NULL }, 403 },
    { "viewer-may-not-presign",        KATHERINE, { "POST", "/images/presign-upload", JSON, "{\"filename\":\"a.png\",\"filetype\":\"image/png\"}", OURS }, 403 },

    /* --- the form for browsers without JavaScript --- */
    { "grace-opens-upload",            GRACE, { "GET", "/admin/upload", NULL, NULL, NULL }, 200 },
    { "upload-form-nothing-chosen",    GRACE, { "POST", "/admin/upload", PARTS, FIELD("csrf", "{csrf}") "--frontier\r\nContent-Disposition: form-data; name=\"files\"; filename=\"\"\r\n\r\n\r\n" PARTS_END, NULL }, 422 },
    { "upload-form-token-not-first",   GRACE, { "POST", "/admin/upload", PARTS, FILE_PART("a.png", "image/png", "{picture}") FIELD("csrf", "{csrf}") PARTS_END, NULL }, 403 },
    { "upload-form-wrong-token",       GRACE, { "POST", "/admin/upload", PARTS, FIELD("csrf", "nonsense") FILE_PART("a.png", "image/png", "{picture}") PARTS_END, NULL }, 403 },
    { "upload-form-cut",               GRACE, { "POST", "/admin/upload", PARTS, FIELD("csrf", "{csrf}") "--frontier\r\nContent-Dispo", NULL }, 400 },
    { "upload-form-one-of-two",        GRACE, { "POST", "/admin/upload", PARTS, FIELD("csrf", "{csrf}") FILE_PART("boat.png", "image/png", "{picture}") FILE_PART("notes.pdf", "application/pdf", "%PDF-1.4 hello") PARTS_END, NULL }, 200 },
    { "upload-form-none",              GRACE, { "POST", "/admin/upload", PARTS, FIELD("csrf", "{csrf}") FILE_PART("page.png", "image/png", "<!doctype html><p>x") PARTS_END, NULL }, 422 },
    { "upload-form-storage-refuses",   GRACE, { "POST", "/admin/upload", PARTS, FIELD("csrf", "{csrf}") FILE_PART("a.png", "image/png", "{picture}") FILE_PART("b.png", "image/png", "{picture}") PARTS_END, NULL }, 422, .storage = STUB_REFUSES },
    { "admin-sees-owners",             ADA, { "GET", "/admin/images", NULL, NULL, NULL }, 200 },

    /* --- deleting --- */
    { "delete-asks",                   ADA, { "GET", "/admin/images/1/delete", NULL, NULL, NULL }, 200 },
    { "delete-not-found",              ADA, { "GET", "/admin/images/999/delete", NULL, NULL, NULL }, 404 },
    { "delete",                        ADA, { "POST", "/admin/images/1/delete", FORM, "csrf={csrf}", NULL }, 303 },
    { "deleted",                       ADA, { "GET", "/admin/images", NULL, NULL, NULL }, 200 },
    { "deleted-can-be-undone",         ADA, { "GET", "/admin/images?moved=1,2,999", NULL, NULL, NULL }, 200 },
    { "deleted-address",               ADA, { "GET", "/i/1", NULL, NULL, NULL }, 410 },
    { "deleted-signed-url",            ADA, { "GET", "/images/1/signed-url", NULL, NULL, NULL }, 410 },
    { "deleted-page",                  ADA, { "GET", "/admin/images/1", NULL, NULL, NULL }, 200 },
    { "deleted-page-to-others",        GRACE, { "GET", "/admin/images/1", NULL, NULL, NULL }, 404 },
    { "trash",                         ADA, { "GET", "/admin/trash", NULL, NULL, NULL }, 200 },
    { "trash-all-ticked",              ADA, { "GET", "/admin/trash?owner=1&all=1", NULL, NULL, NULL }, 200 },
    { "trash-of-an-editor",            GRACE, { "GET", "/admin/trash", NULL, NULL, NULL }, 200 },
    { "trash-is-not-for-viewers",      KATHERINE, { "GET", "/admin/trash", NULL, NULL, NULL }, 403 },
    { "trash-delete-asks",             ADA, { "GET", "/admin/images/1/delete", NULL, NULL, NULL }, 200 },
    { "api-trash",                     ADA, { "GET", "/images/trash?limit=1", NULL, NULL, NULL }, 200 },
    { "api-delete-again",              ADA, { "DELETE", "/images/1", NULL, NULL, OURS }, 200 },
    { "restore",                       ADA, { "POST", "/admin/images/1/restore", FORM, "csrf={csrf}", NULL }, 303 },
    { "restored",                      ADA, { "GET", "/admin/images/1", NULL, NULL, NULL }, 200 },
    { "api-delete-stale-version",      ADA, { "DELETE", "/images/1?version=1", NULL, NULL, OURS }, 409 },
    { "bulk-to-the-trash",             ADA, { "POST", "/admin/images/bulk", FORM, "csrf={csrf}&action=trash&ids=1&ids=999&back=%2Fadmin%2Fimages%3Fq%3Dcat", NULL }, 303 },
    { "api-restore",                   ADA, { "POST", "/images/1/restore", NULL, NULL, OURS }, 200 },
    { "bulk-nothing-chosen",           ADA, { "POST", "/admin/images/bulk", FORM, "csrf={csrf}&action=trash&back=https%3A%2F%2Fevil.example", NULL }, 303 },
    { "bulk-wrong-action",             ADA, { "POST", "/admin/images/bulk", FORM, "csrf={csrf}&action=burn&ids=1", NULL }, 422 },
    { "bulk-delete-asks",              ADA, { "POST", "/admin/images/bulk", FORM, "csrf={csrf}&action=delete&ids=1&ids=2&back=%2Fadmin%2Ftrash", NULL }, 200 },
    { "api-bulk",                      ADA, { "POST", "/images/bulk", JSON, "{\"action\":\"trash\",\"ids\":[1,999]}", OURS }, 200 },
    { "api-bulk-wrong-action",         ADA, { "POST", "/images/bulk", JSON, "{\"action\":\"burn\",\"ids\":[1]}", OURS }, 422 },
    { "trash-empty-asks",              ADA, { "GET", "/admin/trash/empty", NULL, NULL, NULL }, 200 },
    { "trash-empty-without-until",     ADA, { "POST", "/admin/trash/empty", FORM, "csrf={csrf}", NULL }, 422 },
    { "trash-empty",                   ADA, { "POST", "/admin/trash/empty", FORM, "csrf={csrf}&until=9999999999", NULL }, 303 },
    { "trash-is-empty",                ADA, { "GET", "/admin/trash", NULL, NULL, NULL }, 200 },
    { "trash-empty-asks-of-nothing",   ADA, { "GET", "/admin/trash/empty", NULL, NULL, NULL }, 303 },
    { "api-delete-for-good-again",     ADA, { "DELETE", "/images/1?permanent=true", NULL, NULL, OURS }, 200 },
    { "api-delete-not-found",          ADA, { "DELETE", "/images/999", NULL, NULL, OURS }, 404 },
    { "api-delete-other-site",         ADA, { "DELETE", "/images/4", NULL, NULL, "Sec-Fetch-Site: same-site\n" }, 403 },

    /* --- the account --- */
    { "ada-opens-sign-in-elsewhere",   ADA2, { "GET", "/sign-in", NULL, NULL, NULL }, 200 },
    { "ada-signs-in-elsewhere",        ADA2, { "POST", "/sign-in", FORM, SIGN_IN("ada%40example.org", "correct+horse+battery"), NULL }, 303, .wait_s = 60 },
    { "account",                       ADA, { "GET", "/admin/account", NULL, NULL, NULL }, 200 },
    { "account-password-empty",        ADA, { "POST", "/admin/account/password", FORM, "csrf={csrf}", NULL }, 422 },
    { "account-password-wrong",        ADA, { "POST", "/admin/account/password", FORM, "csrf={csrf}&current_password=wrong&new_password=another+good+password", NULL }, 422 },
    { "account-password-short",        ADA, { "POST", "/admin/account/password", FORM, "csrf={csrf}&current_password=correct+horse+battery&new_password=short", NULL }, 422 },
    { "account-session-not-mine",      ADA, { "POST", "/admin/account/sessions/999/revoke", FORM, "csrf={csrf}", NULL }, 404 },
    { "account-revoke-others",         ADA, { "POST", "/admin/account/sessions/revoke-others", FORM, "csrf={csrf}", NULL }, 303 },
    { "other-session-ended",           ADA2, { "GET", "/admin/images", NULL, NULL, NULL }, 303 },
    { "sign-in-after-end",             ADA2, { "GET", "/sign-in?next=%2Fadmin%2Fimages", NULL, NULL, NULL }, 200 },
    { "ada-signs-in-again",            ADA2, { "POST", "/sign-in", FORM, SIGN_IN("ada%40example.org", "correct+horse+battery"), NULL }, 303 },
    { "account-two-sessions",          ADA, { "GET", "/admin/account", NULL, NULL, NULL }, 200 },
    { "account-revoke-one",            ADA, { "POST", "/admin/account/sessions/5/revoke", FORM, "csrf={csrf}", NULL }, 303 },
    { "revoked-session-ended",         ADA2, { "GET", "/admin/account", NULL, NULL, NULL }, 303 },
    { "ada-signs-in-a-third-time",     ADA2, { "POST", "/sign-in", FORM, SIGN_IN("ada%40example.org", "correct+horse+battery"), NULL }, 303 },
    { "account-password-changed",      ADA, { "POST", "/admin/account/password", FORM, "csrf={csrf}&current_password=correct+horse+battery&new_password=another+good+password", NULL }, 303 },
    { "account-after-change",          ADA, { "GET", "/admin/account", NULL, NULL, NULL }, 200 },
    { "password-ended-other-session",  ADA2, { "GET", "/admin/images", NULL, NULL, NULL }, 303 },
    { "sign-out-without-token",        ADA, { "POST", "/sign-out", FORM, "", NULL }, 403 },
    { "sign-out",                      ADA, { "POST", "/sign-out", FORM, "csrf={csrf}", NULL }, 303 },
    { "signed-out",                    ADA, { "GET", "/sign-in", NULL, NULL, NULL }, 200 },

    /* --- programs with a token; the header is set below --- */
    { "bearer-wrong",                  SCRIPT, { "GET", "/images", NULL, NULL, "Authorization: Bearer vt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n" }, 401 },
    { "bearer-jwt-unsigned",           SCRIPT, { "GET", "/images", NULL, NULL, "Authorization: Bearer eyJhbGciOiJub25lIn0.e30.AA\n" }, 401 },
    { "auth-signin",                   SCRIPT, { "POST", "/auth/signin", JSON, "{\"email\":\"grace@example.org\",\"password\":\"correct horse battery\"}", NULL }, 200 },
    { "auth-signin-narrow",            SCRIPT, { "POST", "/auth/signin", JSON, "{\"email\":\"grace@example.org\",\"password\":\"correct horse battery\",\"scope\":\"read\"}", NULL }, 200 },
    { "auth-signin-wrong",             SCRIPT, { "POST", "/auth/signin", JSON, "{\"email\":\"nobody@example.org\",\"password\":\"correct horse battery\"}", NULL }, 401 },
    { "auth-signin-empty",             SCRIPT, { "POST", "/auth/signin", JSON, "{}", NULL }, 422 },
    { "auth-signin-unknown-scope",     SCRIPT, { "POST", "/auth/signin", JSON, "{\"email\":\"a@b\",\"password\":\"c\",\"scope\":\"root\"}", NULL }, 422 },
    { "auth-refresh-nothing",          SCRIPT, { "POST", "/auth/refresh", JSON, "{}", NULL }, 422 },
    { "auth-refresh-wrong",            SCRIPT, { "POST", "/auth/refresh", JSON, "{\"refresh_token\":\"vr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}", NULL }, 401 },
    { "auth-signout-nobody",           SCRIPT, { "POST", "/auth/signout", NULL, NULL, NULL }, 401 },
    { "basic-authorization",           SCRIPT, { "GET", "/images", NULL, NULL, "Authorization: Basic eA==\n" }, 401 },

    /* --- the APIs of other systems --- */
    { "profile-upload",                GRACE, { "POST", "/api/profile/upload-image", PARTS, ONE_FILE("image", "photo.png", "{picture}"), OURS }, 200 },
    { "profile-upload-other-field",    GRACE, { "POST", "/api/profile/upload-image", PARTS, ONE_FILE("photo", "photo.png", "{picture}"), OURS }, 422 },
    { "profile-upload-no-file",        GRACE, { "POST", "/api/profile/upload-image", PARTS, FIELD("image", "text") PARTS_END, OURS }, 422 },
    { "profile-upload-cut",            GRACE, { "POST", "/api/profile/upload-image", PARTS, "--frontier\r\n", OURS }, 400 },
    { "profile-upload-no-origin",      GRACE, { "POST", "/api/profile/upload-image", PARTS, ONE_FILE("image", "photo.png", "{picture}"), NULL }, 403 },
    { "profile-upload-storage-down",   GRACE, { "POST", "/api/profile/upload-image", PARTS, ONE_FILE("image", "photo.png", "{picture}"), OURS }, 502, .storage = STUB_REFUSES },
    { "profile-images",                GRACE, { "GET", "/api/profile/images?limit=1", NULL, NULL, NULL }, 200 },
    { "profile-signed-url",            GRACE, { "GET", "/api/profile/images/{id}/signed-url", NULL, NULL, NULL }, 200 },
    { "profile-delete",                GRACE, { "DELETE", "/api/profile/images/{id}", NULL, NULL, OURS }, 200 },
    { "profile-gone",                  GRACE, { "GET", "/api/profile/images/{id}/signed-url", NULL, NULL, NULL }, 404 },
    { "storage-v1-direct",             GRACE, { "POST", "/api/v1/upload/direct", PARTS, ONE_FILE("file", "example.png", "{picture}"), OURS }, 200 },
    { "storage-v1-direct-refused",     GRACE, { "POST", "/api/v1/upload/", PARTS, ONE_FILE("file", "example.txt", "text"), OURS }, 422 },
    { "storage-v1-direct-short-path",  GRACE, { "POST", "/api/v1/upload/", PARTS, ONE_FILE("file", "example.png", "{picture}"), OURS }, 200 },
    { "storage-v1-metadata",           GRACE, { "GET", "/api/v1/upload/metadata/{key}", NULL, NULL, NULL }, 200 },
    { "storage-v1-list",               GRACE, { "GET", "/api/v1/upload/list?prefix=uploads&limit=1", NULL, NULL, NULL }, 200 },
    { "storage-v1-list-wrong-limit",   GRACE, { "GET", "/api/v1/upload/list?limit=0", NULL, NULL, NULL }, 422 },
    { "storage-v1-download",           GRACE, { "GET", "/api/v1/upload/download/{key}", NULL, NULL, NULL }, 200 },
    { "storage-v1-download-head",      GRACE, { "HEAD", "/api/v1/upload/download/{key}", NULL, NULL, NULL }, 200 },
    { "storage-v1-download-known",     GRACE, { "GET", "/api/v1/upload/download/{key}", NULL, NULL, "If-None-Match: \"0123456789abcdef0123456789abcdef\"\n" }, 304 },
    { "storage-v1-download-behind",    GRACE, { "GET", "/api/v1/upload/download/{key}", NULL, NULL, "Range: bytes=4500-\n" }, 416 },
    { "storage-v1-download-other",     GRACE, { "GET", "/api/v1/upload/download/{key}", NULL, NULL, "If-Match: \"0\"\n" }, 412 },
    { "storage-v1-download-url",       GRACE, { "GET", "/api/v1/upload/download/{key}/url?expires_in=120", NULL, NULL, NULL }, 200 },
    { "storage-v1-download-url-wrong", GRACE, { "GET", "/api/v1/upload/download/{key}/url?expires_in=604801", NULL, NULL, NULL }, 422 },
    { "files",                         GRACE, { "GET", "/files?limit=1", NULL, NULL, NULL }, 200 },
    { "storage-v1-delete-pending",     GRACE, { "DELETE", "/api/v1/upload/{key}", NULL, NULL, OURS }, 202, .storage = STUB_REFUSES },
    { "storage-v1-delete",             GRACE, { "DELETE", "/api/v1/upload/{key}", NULL, NULL, OURS }, 200 },
    { "storage-v1-gone",               GRACE, { "GET", "/api/v1/upload/metadata/{key}", NULL, NULL, NULL }, 404 },
    { "storage-v1-presigned",          GRACE, { "POST", "/api/v1/upload/presigned", JSON, "{\"filename\":\"example.png\",\"content_type\":\"image/png\",\"expires_in\":60}", OURS }, 200 },
    { "storage-v1-presigned-refused",  GRACE, { "POST", "/api/v1/upload/presigned", JSON, "{\"filename\":\"a.exe\",\"content_type\":\"application/x-msdownload\"}", OURS }, 422 },
    { "storage-v1-presigned-too-long", GRACE, { "POST", "/api/v1/upload/presigned", JSON, "{\"filename\":\"a.png\",\"content_type\":\"image/png\",\"expires_in\":604801}", OURS }, 422 },
    { "storage-v1-not-arrived",        GRACE, { "GET", "/api/v1/upload/metadata/{key}", NULL, NULL, NULL }, 404, .storage = STUB_HAS_NOTHING },
    { "storage-v1-storage-refuses",    GRACE, { "GET", "/api/v1/upload/metadata/{key}", NULL, NULL, NULL }, 502, .storage = STUB_REFUSES },
    { "storage-v1-adopted",            GRACE, { "GET", "/api/v1/upload/metadata/{key}", NULL, NULL, NULL }, 200 },
    { "storage-v1-health",             NOBODY, { "GET", "/api/v1/upload/health", NULL, NULL, NULL }, 200 },
    { "gateway-upload",                GRACE, { "POST", "/upload", JSON, "{\"fileName\":\"my-image.png\",\"fileType\":\"image/png\"}", OURS }, 200 },
    { "gateway-upload-wrong-fields",   GRACE, { "POST", "/upload", JSON, "{\"fileName\":7}", OURS }, 422 },
    { "gateway-needs-sign-in",         NOBODY, { "POST", "/upload", JSON, "{}", NULL }, 401 },
    { "files-upload-url",              GRACE, { "POST", "/upload-url", JSON, "{\"filename\":\"test.png\",\"content_type\":\"image/png\"}", OURS }, 200 },
    { "files-download-url",            GRACE, { "POST", "/download-url", JSON, "{\"file_key\":\"{key}\"}", OURS }, 200 },
    { "files-download-url-absent",     GRACE, { "POST", "/download-url", JSON, "{\"file_key\":\"uploads/none\"}", OURS }, 404 },
    { "files-delete",                  GRACE, { "DELETE", "/files/{key}", NULL, NULL, OURS }, 200 },
    { "files-delete-absent",           GRACE, { "DELETE", "/files/uploads/none", NULL, NULL, OURS }, 404 },

    /* --- limits --- */
    { "upload-with-quota",             GRACE, { "GET", "/admin/upload", NULL, NULL, NULL }, 200, .quota = { 60000000, 50 } },
    { "upload-form-over-quota",        GRACE, { "POST", "/admin/upload", PARTS, FIELD("csrf", "{csrf}") FILE_PART("big.png", "image/png", "{picture}") PARTS_END, NULL }, 422, .quota = { 1, 0 } },
    { "presign-over-quota",            GRACE, { "POST", "/images/presign-upload", JSON, "{\"filename\":\"a.png\",\"filetype\":\"image/png\",\"size\":2500000}", OURS }, 403, .quota = { 52000000, 0 } },
    { "presign-too-many-files",        GRACE, { "POST", "/images/presign-uploads", JSON, "{\"files\":[{\"filename\":\"a.png\",\"filetype\":\"image/png\",\"size\":10}]}", OURS }, 200, .quota = { 0, 1 } },
    { "limit-not-reached",             GRACE, { "GET", "/images?limit=1", NULL, NULL, NULL }, 200, .reads_an_hour = 1 },
    { "limit-api",                     GRACE, { "GET", "/images?limit=1", NULL, NULL, NULL }, 429, .reads_an_hour = 1 },
    { "limit-page",                    GRACE, { "GET", "/admin/images", NULL, NULL, NULL }, 429, .reads_an_hour = 1 },

    /* --- the form that goes straight to the storage --- */
    { "straight-begins",               GRACE, { "GET", "/admin/upload/form", NULL, NULL, NULL }, 200 },
    { "straight-nothing-chosen",       GRACE, { "POST", "/admin/upload/form", FORM, "csrf={csrf}&filename=", NULL }, 422 },
    { "straight-type-refused",         GRACE, { "POST", "/admin/upload/form", FORM, "csrf={csrf}&filename=drawing.svg", NULL }, 422 },
    { "straight-over-quota",           GRACE, { "POST", "/admin/upload/form", FORM, "csrf={csrf}&filename=boat.png", NULL }, 422, .quota = { 1, 0 } },
    { "straight-wrong-token",          GRACE, { "POST", "/admin/upload/form", FORM, "csrf=x&filename=boat.png", NULL }, 403 },
    { "straight-reserves",             GRACE, { "POST", "/admin/upload/form", FORM, "csrf={csrf}&filename=Red+%22boat%22.png", NULL }, 303 },
    { "straight-form",                 GRACE, { "GET", "/admin/upload/form/{id}", NULL, NULL, NULL }, 200 },
    { "straight-not-arrived",          GRACE, { "GET", "/admin/upload/form/{id}/saved", NULL, NULL, NULL }, 409, .storage = STUB_HAS_NOTHING },
    { "straight-storage-refuses",      GRACE, { "GET", "/admin/upload/form/{id}/saved", NULL, NULL, NULL }, 502, .storage = STUB_REFUSES },
    { "straight-key-of-another",       GRACE, { "GET", "/admin/upload/form/{id}/saved?bucket=vitrine&key=images%2F1.png&etag=%22x%22", NULL, NULL, NULL }, 404 },
    { "straight-saved",                GRACE, { "GET", "/admin/upload/form/{id}/saved?bucket=vitrine&etag=%22x%22", NULL, NULL, NULL }, 303 },
    { "straight-saved-again",          GRACE, { "GET", "/admin/upload/form/{id}/saved", NULL, NULL, NULL }, 303 },
    { "straight-has-an-image",         GRACE, { "GET", "/admin/upload/form/{id}", NULL, NULL, NULL }, 303 },
    { "straight-reserves-another",     GRACE, { "POST", "/admin/upload/form", FORM, "csrf={csrf}&filename=late.png", NULL }, 303 },
    { "straight-form-is-over",         GRACE, { "GET", "/admin/upload/form/{id}", NULL, NULL, NULL }, 410, .wait_s = 901 },

    /* --- a large file, in parts --- */
    { "parts-begin",                   GRACE, { "POST", "/images/multipart", JSON, "{\"filename\":\"valley.png\",\"filetype\":\"image/png\",\"size\":45}", OURS }, 201 },
    { "parts-begin-empty",             GRACE, { "POST", "/images/multipart", JSON, "{\"filename\":\"valley.png\",\"filetype\":\"image/png\",\"size\":0}", OURS }, 422 },
    { "parts-unfinished",              GRACE, { "GET", "/images/multipart", NULL, NULL, NULL }, 200 },
    { "parts-sign",                    GRACE, { "POST", "/images/multipart/{id}/parts", JSON, "{\"parts\":[{\"number\":1,\"sha256\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}]}", OURS }, 200 },
    { "parts-sign-wrong",              GRACE, { "POST", "/images/multipart/{id}/parts", JSON, "{\"parts\":[{\"number\":2}]}", OURS }, 422 },
    { "parts-status",                  GRACE, { "GET", "/images/multipart/{id}", NULL, NULL, NULL }, 200 },
    { "parts-for-viewers",             KATHERINE, { "GET", "/images/multipart/{id}", NULL, NULL, NULL }, 403 },
    { "parts-wrong-list",              GRACE, { "POST", "/images/multipart/{id}/complete", JSON, "{\"parts\":[{\"number\":1,\"etag\":\"x\"}]}", OURS }, 422 },
    { "parts-complete",                GRACE, { "POST", "/images/multipart/{id}/complete", JSON, "{\"title\":\"Valley\"}", OURS }, 201 },
    { "parts-abort-saved",             GRACE, { "DELETE", "/images/multipart/{id}", NULL, NULL, OURS }, 409 },
    { "parts-storage-refuses",         GRACE, { "POST", "/images/multipart", JSON, "{\"filename\":\"valley.png\",\"filetype\":\"image/png\",\"size\":45}", OURS }, 502, .storage = STUB_REFUSES },

    /* --- jobs, for administrators --- */
    { "jobs-are-for-admins",           GRACE, { "GET", "/admin/jobs", NULL, NULL, HTML }, 403 },
    { "jobs-ada-opens-sign-in",        ADA, { "GET", "/sign-in", NULL, NULL, NULL }, 200 },
    { "jobs-ada-signs-in",             ADA, { "POST", "/sign-in", FORM, SIGN_IN("ada%40example.org", "another+good+password") "&next=%2Fadmin%2Fjobs", NULL }, 303 },
    { "jobs-without-worker",           ADA, { "GET", "/admin/jobs", NULL, NULL, NULL }, 200 },
    { "jobs-planned",                  ADA, { "GET", "/admin/jobs", NULL, NULL, NULL }, 200, .prepare = jobs_plan_some },
    { "jobs",                          ADA, { "GET", "/admin/jobs", NULL, NULL, NULL }, 200, .prepare = jobs_make_some },
    { "jobs-retry",                    ADA, { "POST", "/admin/jobs/2/retry", FORM, "csrf={csrf}", NULL }, 303 },
    { "jobs-retried",                  ADA, { "GET", "/admin/jobs", NULL, NULL, NULL }, 200 },
    { "jobs-retry-running",            ADA, { "POST", "/admin/jobs/4/retry", FORM, "csrf={csrf}", NULL }, 303 },
    { "jobs-retry-without-token",      ADA, { "POST", "/admin/jobs/2/retry", FORM, "csrf=x", NULL }, 403 },
    { "jobs-discard",                  ADA, { "POST", "/admin/jobs/2/discard", FORM, "csrf={csrf}", NULL }, 303 },
    { "jobs-discard-again",            ADA, { "POST", "/admin/jobs/2/discard", FORM, "csrf={csrf}", NULL }, 303 },
    { "jobs-discard-of-schedule",      ADA, { "POST", "/admin/jobs/1/discard", FORM, "csrf={csrf}", NULL }, 303 },
    { "jobs-overdue",                  ADA, { "GET", "/admin/jobs", NULL, NULL, NULL }, 200, .prepare = jobs_end },

    /* --- time passes --- */
    { "health",                        NOBODY, { "GET", "/health", NULL, NULL, NULL }, 200 },
    { "health-is-remembered",          NOBODY, { "GET", "/health", NULL, NULL, NULL }, 200, .storage = STUB_REFUSES },
    { "health-degraded",               NOBODY, { "GET", "/health", NULL, NULL, NULL }, 503, .storage = STUB_REFUSES, .wait_s = 2 },
    { "health-is-back-at-once",        NOBODY, { "GET", "/health", NULL, NULL, NULL }, 200 },
    { "metrics-are-for-admins",        GRACE, { "GET", "/metrics", NULL, NULL, NULL }, 403 },
    { "session-ended-by-time",         GRACE, { "GET", "/admin/images", NULL, NULL, NULL }, 303, .wait_s = 13 * 3600 },
};
/* clang-format on */

static struct world world;
static struct browser browsers[WHO__COUNT] = {
    [NOBODY] = { .name = "nobody", .address = "192.0.2.1" },
    [ADA] = { .name = "ada", .address = "192.0.2.2" },
    [ADA2] = { .name = "ada elsewhere", .address = "192.0.2.3" },
    [GRACE] = { .name = "grace", .address = "192.0.2.4" },
    [KATHERINE] = { .name = "katherine", .address = "2001:db8::5" },
    [SCRIPT] = { .name = "a script", .address = "192.0.2.6" },
};
static char log_path[] = "/tmp/vitrine-pages-log-XXXXXX";
static int log_fd = -1;

static void test_step(void **state)
{
    const struct step *step = *state;
    struct answer answer;

    if (step->wait_s > 0)
        world_wait(&world, step->wait_s);
    stub_storage_set(step->storage);
    world.options.domain.quota = step->quota;
    world.options.limits.rates[RATE_READ] = (struct rate_policy){ step->reads_an_hour, 3600 };
    if (step->prepare != NULL)
        step->prepare(&world);
    browser_visit(&world, &browsers[step->who], &step->visit, &answer);
    stub_storage_set(STUB_ANSWERS);
    expect_int(step->name, answer.http_status, step->http_status);
    assert_true(golden_matches(&world.arena, step->name, &answer));
}

/* --- after the story --- */

static struct answer visit(enum who who, struct visit visit)
{
    struct answer answer;

    browser_visit(&world, &browsers[who], &visit, &answer);
    return answer;
}

static struct str token_header(void)
{
    struct task task;
    struct account account;
    struct api_token token;
    struct str text;

    task_init(&task, &world.thread.domain, &world.arena, ACTOR_SYSTEM, STR_EMPTY);
    assert_int_equal(account_find_by_email(&task, STR("grace@example.org"), &account), STATUS_OK);
    assert_int_equal(
        api_token_create(&task,
            &(struct api_token_new){ .user_id = account.id, .name = STR("test") }, &text, &token),
        STATUS_OK);
    return arena_printf(&world.arena, "Authorization: Bearer %.*s\n", STR_ARG(text));
}

static void a_bearer_token_needs_no_origin(void **state)
{
    struct str header = token_header();
    struct answer answer;

    (void)state;
    answer = visit(SCRIPT, (struct visit){ "POST", "/images/presign-upload", JSON,
                               "{\"filename\":\"a.png\",\"filetype\":\"image/png\"}", header.ptr });
    expect_int("presign", answer.http_status, 200);
    answer = visit(
        SCRIPT, (struct visit){ "GET", "/images/signed-url?key={key}", NULL, NULL, header.ptr });
    expect_int("a pending upload is not an image yet", answer.http_status, 404);
    answer =
        visit(SCRIPT, (struct visit){ "POST", "/images", JSON, "{\"key\":\"{key}\"}", header.ptr });
    expect_int("commit", answer.http_status, 201);
    answer = visit(
        SCRIPT, (struct visit){ "GET", "/images/signed-url?key={key}", NULL, NULL, header.ptr });
    expect_int("signed URL by key", answer.http_status, 200);
    answer = visit(SCRIPT, (struct visit){ "DELETE", "/images/{id}", NULL, NULL, header.ptr });
    expect_int("delete", answer.http_status, 200);
}

/* --- through a CDN --- */

static struct str header_of(struct answer answer, const char *name)
{
    ssize_t at = str_find(answer.head, str_from_c(name));
    struct str rest = str_from_offset(answer.head, at < 0 ? answer.head.len : (size_t)at), line;

    return str_split(&rest, '\n', &line) ? line : STR_EMPTY;
}

static struct private_key *open_cdn(EVP_PKEY *pkey)
{
    struct cdn_options *cdn = &world.options.domain.cdn;

    *cdn = (struct cdn_options){
        .origin = STR("https://cdn.example.org"),
        .signer = { STR("K2JCJMDEHXQW5F"), parsed_key(&world.arena, pkey), PRIVATE_KEY_SHA1 },
        .has_cookies = true,
        .cookie_domain = STR("example.org"),
        .cookie_ttl_s = 3600,
    };
    return cdn->signer.key;
}

static void close_cdn(EVP_PKEY *pkey)
{
    private_key_free(world.options.domain.cdn.signer.key);
    EVP_PKEY_free(pkey);
    world.options.domain.cdn = (struct cdn_options){ .binds_visitor = false };
}

static void pages_show_images_through_the_cdn_and_download_from_storage(void **state)
{
    EVP_PKEY *pkey = make_ec("P-256");
    struct answer page, found, download;

    (void)state;
    open_cdn(pkey);
    page = visit(ADA, (struct visit){ "GET", "/admin/images", NULL, NULL, NULL });
    found = visit(ADA, (struct visit){ "GET", "/i/4", NULL, NULL, NULL });
    download = visit(ADA, (struct visit){ "GET", "/admin/images/4/download", NULL, NULL, NULL });
    close_cdn(pkey);
    expect_int("page", page.http_status, 200);
    assert_true(str_find(page.body, STR("<img")) > 0);
    assert_true(str_find(page.body, STR("src=\"https://cdn.example.org/")) > 0);
    assert_true(str_find(page.body, STR("X-Amz-Signature")) < 0);
    assert_true(str_find(header_of(page, "Content-Security-Policy:"),
                    STR(" https://cdn.example.org; connect-src 'self' http")) > 0);
    assert_true(str_starts_with(
        header_of(found, "Location:"), STR("Location: https://cdn.example.org/images/")));
    assert_true(str_find(header_of(download, "Location:"), STR("X-Amz-Signature=")) > 0);
}

static void a_url_for_one_visitor_is_refused_to_who_comes_by_ipv6(void **state)
{
    EVP_PKEY *pkey = make_ec("P-256");
    struct answer ada, katherine;

    (void)state;
    open_cdn(pkey);
    world.options.domain.cdn.binds_visitor = true;
    world.options.domain.library = LIBRARY_SHARED;
    ada = visit(ADA, (struct visit){ "GET", "/i/4", NULL, NULL, NULL });
    visit(KATHERINE, (struct visit){ "GET", "/sign-in", NULL, NULL, NULL });
    visit(KATHERINE, (struct visit){ "POST", "/sign-in", FORM,
                         SIGN_IN("katherine%40example.org", "correct+horse+battery"), NULL });
    katherine = visit(KATHERINE, (struct visit){ "GET", "/images/4/signed-url", NULL, NULL, NULL });
    world.options.domain.library = LIBRARY_PRIVATE;
    close_cdn(pkey);
    expect_int("IPv4", ada.http_status, 302);
    expect_int("IPv6", katherine.http_status, 403);
    assert_true(str_find(katherine.body, STR("CLOUDFRONT_SOURCE_IP")) > 0);
}

static void signed_cookies_open_ones_own_folder_and_nothing_else(void **state)
{
    static const struct visit post = { "POST", "/images/signed-cookies", NULL, NULL, OURS };
    struct visit by_token = { "POST", "/images/signed-cookies", NULL, NULL, token_header().ptr };
    EVP_PKEY *pkey = make_ec("P-256");
    struct answer without, script, page, far;

    (void)state;
    without = visit(SCRIPT, by_token);
    open_cdn(pkey);
    script = visit(SCRIPT, by_token);
    page = visit(ADA, post);
    world.options.domain.cdn.has_cookies = false;
    far = visit(ADA, post);
    close_cdn(pkey);
    browser_clear(&browsers[SCRIPT]);
    expect_int("no CDN", without.http_status, 404);
    expect_int("cookies do not reach it", far.http_status, 409);
    expect_int("token", script.http_status, 200);
    assert_true(str_find(script.body,
                    STR("\"resource\":\"https://cdn.example.org/users/2/images/*\"")) > 0);
    assert_true(str_find(script.body, STR("\"CloudFront-Signature\":\"")) > 0);
    expect_int("page", page.http_status, 200);
    assert_true(str_find(page.body, STR("/users/1/images/*\"")) > 0);
    assert_true(str_find(page.body, STR("\"cookies\":null")) > 0);
    assert_true(str_find(page.body, STR("CloudFront-Signature")) < 0);
    assert_true(str_ends_with(header_of(page, "Set-Cookie: CloudFront-Policy="),
        STR("; Path=/users/1/images/; Domain=example.org; HttpOnly; SameSite=Lax; Secure")));
}

static void a_stale_form_body_is_read_within_its_limit(void **state)
{
    char *body = malloc(40000);
    struct answer answer;

    (void)state;
    memset(body, 'a', 39999);
    body[39999] = '\0';
    answer = visit(NOBODY, (struct visit){ "POST", "/sign-in", FORM, body, NULL });
    free(body);
    expect_int("413", answer.http_status, 413);
}

static void every_route_was_visited(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        if (route_hits[i] == 0)
            print_error("never visited: %.*s %s\n", STR_ARG(method_to_str(route_table[i].method)),
                route_table[i].path);
        assert_true(route_hits[i] > 0);
    }
}

/* "/files/:key..." as OpenAPI writes it: "/files/{key}". */
static const char *as_template(const char *pattern)
{
    static char text[200];
    size_t len = 0;

    for (; *pattern != '\0' && len + 3 < sizeof(text); pattern++) {
        bool is_name = *pattern == ':';
        text[len++] = is_name ? '{' : *pattern;
        while (is_name && pattern[1] >= 'a' && pattern[1] <= 'z')
            text[len++] = *++pattern;
        while (is_name && pattern[1] == '.')
            pattern++;
        if (is_name)
            text[len++] = '}';
    }
    text[len] = '\0';
    return text;
}

static void the_reference_tells_of_every_api(void **state)
{
    struct str page = visit(NOBODY, (struct visit){ "GET", "/docs", NULL, NULL, HTML }).body;
    struct str text =
        visit(NOBODY, (struct visit){ "GET", "/openapi.json", NULL, NULL, NULL }).body;
    struct str why;
    json_t *document = json_parse(&world.arena, text, &why);
    size_t count = 0;

    (void)state;
    assert_true(json_is_object(document));
    for (size_t i = 0; i < route_count; i++) {
        const struct route *route = &route_table[i];
        const char *path = as_template(route->path);
        if (route->audience != FOR_PROGRAMS)
            continue;
        count++;
        if (json_object_get(json_object_get(document, "paths"), path) == NULL ||
            str_find(page, arena_printf(&world.arena, "<code>%s</code>", path)) < 0)
            fail_msg("the reference does not tell of %s", path);
    }
    assert_true(count > 5);
    json_decref(document);
}

static struct str read_log(void)
{
    off_t size = lseek(log_fd, 0, SEEK_END);
    char *text = arena_alloc(&world.arena, (size_t)size);

    assert_int_equal(pread(log_fd, text, (size_t)size, 0), size);
    return str_from(text, (size_t)size);
}

static void the_log_is_json_and_holds_no_secret(void **state)
{
    static const char *const secrets[] = { "X-Amz-Signature", "vitrine_session", "correct horse",
        "correct+horse", "Bearer", "vt_", "vr_", "eyJ", "red%20boat",
        "csrf=", "CloudFront-Signature", "Signature=" };
    struct str log = read_log(), line, why;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(secrets); i++)
        if (str_find(log, str_from_c(secrets[i])) >= 0)
            fail_msg("the log holds \"%s\"", secrets[i]);
    for (int i = 0; i < WHO__COUNT; i++)
        for (int j = 0; j < BROWSER_COOKIES_MAX; j++)
            if (strlen(browsers[i].cookie_value[j]) > 40)
                assert_true(str_find(log, str_from_c(browsers[i].cookie_value[j])) < 0);
    while (str_split(&log, '\n', &line) && !str_is_empty(line)) {
        json_t *json = json_parse(&world.arena, line, &why);
        assert_non_null(json);
        json_decref(json);
    }
}

/* A redirect that is remembered longer than the URL lives would lead to a dead one. */
static void a_permanent_address_is_remembered_for_less_than_its_url_lives(void **state)
{
    struct answer answer;
    ssize_t at;

    (void)state;
    visit(ADA, (struct visit){ "GET", "/sign-in", NULL, NULL, NULL });
    visit(ADA, (struct visit){ "POST", "/sign-in", FORM,
                   SIGN_IN("ada%40example.org", "another+good+password"), NULL });
    for (int i = 0; i < 10; i++) {
        world_wait(&world, 37);
        answer = visit(ADA, (struct visit){ "GET", "/i/4", NULL, NULL, NULL });
        expect_int("302", answer.http_status, 302);
        at = str_find(answer.head, STR("max-age="));
        assert_true(at > 0);
        /* a display URL lives 300 s, and at least half of that remains */
        assert_in_range(atoi(answer.head.ptr + at + 8), 1, 299);
    }
}

/* --- the runner --- */

static int open_world(void **state)
{
    (void)state;
    log_fd = mkstemp(log_path);
    log_set_fd(log_fd);
    world_open(&world);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    world_close(&world);
    log_set_fd(2);
    close(log_fd);
    unlink(log_path);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest after[] = {
        cmocka_unit_test(a_bearer_token_needs_no_origin),
        cmocka_unit_test(a_stale_form_body_is_read_within_its_limit),
        cmocka_unit_test(a_permanent_address_is_remembered_for_less_than_its_url_lives),
        cmocka_unit_test(pages_show_images_through_the_cdn_and_download_from_storage),
        cmocka_unit_test(a_url_for_one_visitor_is_refused_to_who_comes_by_ipv6),
        cmocka_unit_test(signed_cookies_open_ones_own_folder_and_nothing_else),
        cmocka_unit_test(the_reference_tells_of_every_api),
        cmocka_unit_test(every_route_was_visited),
        cmocka_unit_test(the_log_is_json_and_holds_no_secret),
    };
    static struct CMUnitTest tests[COUNT_OF(steps) + COUNT_OF(after)];

    for (size_t i = 0; i < COUNT_OF(steps); i++)
        tests[i] = (struct CMUnitTest){ steps[i].name, test_step, NULL, NULL,
            (void *)(uintptr_t)&steps[i] };
    memcpy(&tests[COUNT_OF(steps)], after, sizeof(after));
    return cmocka_run_group_tests_name("pages", tests, open_world, close_world);
}
