/*
 * The table of addresses; read across. Sorted by path (bytes, ':' where it stands), then by method.
 *
 *   access    the least role that may enter        scope  what a token must allow
 *   rate      which limit counts it                dialect whose clients read the answer
 *   csrf      how it proves to come from our pages
 *   body      the only content type accepted       limit  largest body in bytes
 */
#include "web/handlers.h"

#include "base/metrics.h"

#define KB *1024

/* clang-format off */
const struct route route_table[] = {
    /* path                                    method          handler                              audience      access         scope         rate          dialect csrf         body            limit   parameters                        what it is */
    { "/",                                       METHOD_GET,     root_get,                            FOR_PEOPLE,   ACCESS_ANYONE, SCOPE_NONE,   RATE_READ,    NATIVE, CSRF_NONE,   BODY_NONE,      0,      NULL,
      "Lead to the images, or to the sign-in page." },
    { "/admin/account",                          METHOD_GET,     account_get,                         FOR_PEOPLE,   ACCESS_VIEWER, SCOPE_ADMIN,  RATE_READ,    NATIVE, CSRF_NONE,   BODY_NONE,      0,      NULL,
      "One's own account: password and signed-in browsers." },
    { "/admin/account/password",                 METHOD_POST,    account_password_post,               FOR_PEOPLE,   ACCESS_VIEWER, SCOPE_ADMIN,  RATE_WRITE,   NATIVE, CSRF_FORM,   BODY_FORM,      8 KB,   &account_password_post_params,
      "Change one's password; ends one's other sessions." },
    { "/admin/account/sessions/:id/revoke",      METHOD_POST,    account_session_revoke_post,         FOR_PEOPLE,   ACCESS_VIEWER, SCOPE_ADMIN,  RATE_WRITE,   NATIVE, CSRF_FORM,   BODY_FORM,      2 KB,   NULL,
      "Sign out one of one's own browsers." },
    { "/admin/account/sessions/revoke-others",   METHOD_POST,    account_sessions_revoke_others_post, FOR_PEOPLE,   ACCESS_VIEWER, SCOPE_ADMIN,  RATE_WRITE,   NATIVE, CSRF_FORM,   BODY_FORM,      2 KB,   NULL,
      "Sign out all of one's own browsers but this one." },
    { "/admin/images",                           METHOD_GET,     images_get,                          FOR_PEOPLE,   ACCESS_VIEWER, SCOPE_READ,   RATE_READ,    NATIVE, CSRF_NONE,   BODY_NONE,      0,      &images_get_params,
      "The grid of images, newest first; search and filter." },
    { "/admin/images/:id",                       METHOD_GET,     image_get,                           FOR_PEOPLE,   ACCESS_VIEWER, SCOPE_READ,   RATE_READ,    NATIVE, CSRF_NONE,   BODY_NONE,      0,      NULL,
      "One image, large, with its facts and the form to change it." },
    { "/admin/images/:id",                       METHOD_POST,    image_post,                          FOR_PEOPLE,   ACCESS_EDITOR, SCOPE_UPLOAD, RATE_WRITE,   NATIVE, CSRF_FORM,   BODY_FORM,      32 KB,  &image_post_params,
      "Change title, alternative text and tags." },
    { "/admin/images/:id/delete",                METHOD_GET,     image_delete_get,                    FOR_PEOPLE,   ACCESS_EDITOR, SCOPE_READ,   RATE_READ,    NATIVE, CSRF_NONE,   BODY_NONE,      0,      NULL,
      "Ask whether to delete an image." },
    { "/admin/images/:id/delete",                METHOD_POST,    image_delete_post,                   FOR_PEOPLE,   ACCESS_EDITOR, SCOPE_DELETE, RATE_WRITE,   NATIVE, CSRF_FORM,   BODY_FORM,      2 KB,   NULL,
      "Delete an image and its file." },
    { "/admin/images/:id/download",              METHOD_GET,     image_download_get,                  FOR_PEOPLE,   ACCESS_VIEWER, SCOPE_READ,   RATE_READ,    NATIVE, CSRF_NONE,   BODY_NONE,      0,      NULL,
      "302 to a signed URL that downloads the file under its own name." },
    { "/admin/upload",                           METHOD_GET,     upload_get,                          FOR_PEOPLE,   ACCESS_EDITOR, SCOPE_READ,   RATE_READ,    NATIVE, CSRF_NONE,   BODY_NONE,      0,      NULL,
      "The upload page." },
    { "/admin/upload",                           METHOD_POST,    upload_post,                         FOR_PEOPLE,   ACCESS_EDITOR, SCOPE_UPLOAD, RATE_WRITE,   NATIVE, CSRF_STREAM, BODY_MULTIPART, 0,      NULL,
      "Upload files through a form, for browsers without JavaScript; streamed." },
    { "/auth/refresh",                           METHOD_POST,    auth_refresh_post,                   FOR_PROGRAMS, ACCESS_ANYONE, SCOPE_NONE,   RATE_SIGN_IN, NATIVE, CSRF_NONE,   BODY_JSON,      4 KB,   &auth_refresh_post_params,
      "A new token, and a new refresh token for the one that is sent." },
    { "/auth/signin",                            METHOD_POST,    auth_signin_post,                    FOR_PROGRAMS, ACCESS_ANYONE, SCOPE_NONE,   RATE_SIGN_IN, GATEWAY, CSRF_NONE,  BODY_JSON,      8 KB,   &auth_signin_post_params,
      "E-mail and password against a token; throttled." },
    { "/auth/signout",                           METHOD_POST,    auth_signout_post,                   FOR_PROGRAMS, ACCESS_VIEWER, SCOPE_NONE,   RATE_WRITE,   NATIVE, CSRF_ORIGIN, BODY_NONE,      0,      NULL,
      "End the token that is sent, and all that were refreshed from the same sign-in." },
    { "/health",                                 METHOD_GET,     health_get,                          FOR_PROGRAMS, ACCESS_ANYONE, SCOPE_NONE,   RATE_NONE,    NATIVE, CSRF_NONE,   BODY_NONE,      0,      NULL,
      "Whether database and storage answer: 200 or 503." },
    { "/i/:id",                                  METHOD_GET,     image_address_get,                   FOR_PEOPLE,   ACCESS_VIEWER, SCOPE_READ,   RATE_READ,    NATIVE, CSRF_NONE,   BODY_NONE,      0,      NULL,
      "The permanent address of an image: 302 to a fresh signed URL." },
    { "/images",                                 METHOD_GET,     api_images_get,                      FOR_PROGRAMS, ACCESS_VIEWER, SCOPE_READ,   RATE_READ,    NATIVE, CSRF_NONE,   BODY_NONE,      0,      &api_images_get_params,
      "List images, newest first." },
    { "/images",                                 METHOD_POST,    api_images_post,                     FOR_PROGRAMS, ACCESS_EDITOR, SCOPE_UPLOAD, RATE_WRITE,   NATIVE, CSRF_ORIGIN, BODY_JSON,      16 KB,  &api_images_post_params,
      "Save an uploaded image: verify the object, answer the image." },
    { "/images/:id",                             METHOD_GET,     api_image_get,                       FOR_PROGRAMS, ACCESS_VIEWER, SCOPE_READ,   RATE_READ,    NATIVE, CSRF_NONE,   BODY_NONE,      0,      NULL,
      "One image." },
    { "/images/:id",                             METHOD_DELETE,  api_image_delete,                    FOR_PROGRAMS, ACCESS_EDITOR, SCOPE_DELETE, RATE_WRITE,   NATIVE, CSRF_ORIGIN, BODY_NONE,      0,      NULL,
      "Delete an image and its file." },
    { "/images/:id",                             METHOD_PATCH,   api_image_patch,                     FOR_PROGRAMS, ACCESS_EDITOR, SCOPE_UPLOAD, RATE_WRITE,   NATIVE, CSRF_ORIGIN, BODY_JSON,      16 KB,  &api_image_patch_params,
      "Change title, alternative text and tags." },
    { "/images/:id/signed-url",                  METHOD_GET,     api_image_signed_url_get,            FOR_PROGRAMS, ACCESS_VIEWER, SCOPE_READ,   RATE_READ,    NATIVE, CSRF_NONE,   BODY_NONE,      0,      NULL,
      "A signed URL that shows an image for a few minutes." },
    { "/images/presign-upload",                  METHOD_POST,    api_presign_upload_post,             FOR_PROGRAMS, ACCESS_EDITOR, SCOPE_UPLOAD, RATE_PRESIGN, NATIVE, CSRF_ORIGIN, BODY_JSON,      8 KB,   &api_presign_upload_post_params,
      "Reserve a key and presign the PUT of one file." },
    { "/images/presign-uploads",                 METHOD_POST,    api_presign_uploads_post,            FOR_PROGRAMS, ACCESS_EDITOR, SCOPE_UPLOAD, RATE_PRESIGN, NATIVE, CSRF_ORIGIN, BODY_JSON,      128 KB, &api_presign_uploads_post_params,
      "The same for up to 100 files at once." },
    { "/images/signed-url",                      METHOD_GET,     api_signed_url_get,                  FOR_PROGRAMS, ACCESS_VIEWER, SCOPE_READ,   RATE_READ,    NATIVE, CSRF_NONE,   BODY_NONE,      0,      &api_signed_url_get_params,
      "A signed URL by object key." },
    { "/images/signed-urls",                     METHOD_POST,    api_signed_urls_post,                FOR_PROGRAMS, ACCESS_VIEWER, SCOPE_READ,   RATE_READ,    NATIVE, CSRF_ORIGIN, BODY_JSON,      32 KB,  &api_signed_urls_post_params,
      "Signed URLs of up to 1,000 images." },
    { "/sign-in",                                METHOD_GET,     sign_in_get,                         FOR_PEOPLE,   ACCESS_ANYONE, SCOPE_NONE,   RATE_READ,    NATIVE, CSRF_NONE,   BODY_NONE,      0,      &sign_in_get_params,
      "The sign-in page." },
    { "/sign-in",                                METHOD_POST,    sign_in_post,                        FOR_PEOPLE,   ACCESS_ANYONE, SCOPE_NONE,   RATE_SIGN_IN, NATIVE, CSRF_FORM,   BODY_FORM,      8 KB,   &sign_in_post_params,
      "Sign in; throttled." },
    { "/sign-out",                               METHOD_POST,    sign_out_post,                       FOR_PEOPLE,   ACCESS_VIEWER, SCOPE_ADMIN,  RATE_WRITE,   NATIVE, CSRF_FORM,   BODY_FORM,      2 KB,   NULL,
      "Sign out." },
};
/* clang-format on */

const size_t route_count = COUNT_OF(route_table);

_Static_assert(COUNT_OF(route_table) <= METRIC_ROUTE_NONE, "base/metrics.h: METRIC_ROUTE__COUNT");
