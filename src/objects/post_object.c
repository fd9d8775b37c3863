/*
 * post_object.c - PostObject: a form that a browser sends by itself, its signature among its
 * fields.
 *
 * Until the file begins nothing is believed, and little is read: the fields are few and small. Then
 * policy and signature are judged, and the file goes the way of every other object.
 */
#include "objects/post_object.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/xml.h"
#include "cgi/multipart.h"
#include "objects/auth.h"
#include "objects/body.h"
#include "objects/object_headers.h"
#include "objects/operations.h"
#include "objects/post_policy.h"
#include "sign/post_policy.h"

enum { FIELDS_MAX = 100, FIELD_MAX_BYTES = 20 * 1024 };

/* One form on its way. */
struct form {
    struct call *call;
    struct multipart parser;
    struct pair fields[FIELDS_MAX];
    size_t field_count;
    size_t field_bytes; /* of all of them: S3's limit is 20 KB before the file */
    struct buf value;   /* of the field that is being read */
    bool is_in_file;
    bool is_stored; /* the file was seen to its end */

    struct post_range range;
    struct store_object object;
    struct store_upload upload;
};

bool post_object_is_form(const struct call *call)
{
    return call->request->method == METHOD_POST && !str_is_empty(call->bucket) &&
           str_is_empty(call->key) && str_is_empty(call->request->raw_query) &&
           call->claim.kind == VERIFY_ANONYMOUS &&
           str_starts_with(call->request->content_type, STR("multipart/form-data"));
}

static struct pairs fields_of(struct form *form)
{
    return (struct pairs){ form->fields, form->field_count };
}

static struct str field(struct form *form, struct str name)
{
    for (size_t i = 0; i < form->field_count; i++)
        if (str_equal_nocase(form->fields[i].name, name))
            return form->fields[i].value;
    return STR_EMPTY;
}

/* --- who and what, when the fields are read --- */

static enum s3_error authenticate(struct form *form)
{
    struct call *call = form->call;
    struct verify_failure failure = { 0 };
    struct pairs fields = fields_of(form);
    if (str_is_empty(field(form, STR("policy"))))
        return S3_ACCESS_DENIED;
    call->claim.access_key = post_policy_access_key(fields);
    struct verify_policy policy = { call_credentials(call), call->objects->config.region,
        clock_now_s() };
    if (post_policy_check(call->arena, fields, &policy, &failure) != VERIFY_OK)
        return auth_refuse(call, &failure);
    return S3_OK;
}

/* "${filename}" in the key stands for the name that the file has on the person's disk. */
static struct str key_of(struct form *form, struct str filename)
{
    const struct str variable = STR("${filename}");
    struct str key = field(form, STR("key"));
    for (size_t i = 0; i < key.len; i++)
        if (str_starts_with(str_from_offset(key, i), variable))
            return ARENA_JOIN(form->call->arena, str_head(key, i), filename,
                str_from_offset(key, i + variable.len));
    return key;
}

static struct str lower(struct arena *arena, struct str name)
{
    char *copy = arena_c_string(arena, name);
    for (size_t i = 0; i < name.len; i++)
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] + 'a' - 'A');
    return str_from(copy, name.len);
}

/* The fields that a header of PutObject would be. A web server lets no header hold a line end. */
static enum s3_error describe(struct form *form)
{
    struct call *call = form->call;
    struct pairs all = call->request->headers;
    struct pair *item = ARENA_ARRAY(call->arena, struct pair, form->field_count);
    for (size_t i = 0; i < form->field_count; i++) {
        struct pair field = form->fields[i];
        if (!str_equal_nocase(field.name, STR("key")) && str_has_control(field.value))
            return call_fail(call, S3_INVALID_ARGUMENT,
                "The form's field %.*s holds a control character.", STR_ARG(field.name));
        item[i] = (struct pair){ lower(call->arena, field.name), field.value };
    }
    call->request->headers = (struct pairs){ item, form->field_count };
    enum s3_error error = object_read_headers(call, &form->object);
    call->request->headers = all;
    return error;
}

static enum s3_error begin_file(struct form *form)
{
    struct call *call = form->call;
    struct str message = STR_EMPTY;
    struct str key = key_of(form, arena_copy(call->arena, form->parser.part.filename));
    for (size_t i = 0; i < form->field_count; i++)
        if (str_equal_nocase(form->fields[i].name, STR("key")))
            form->fields[i].value = key;
    if (key.len < 1)
        return call_fail(call, S3_INVALID_ARGUMENT,
            "Bucket POST must contain a field named 'key'. If it is specified, please check the "
            "order of the fields.");
    if (key.len > OBJECTS_KEY_MAX_BYTES)
        return S3_KEY_TOO_LONG;
    enum s3_error error = authenticate(form);
    if (error == S3_OK)
        error = post_policy_judge(
            call->arena, call->bucket, fields_of(form), clock_now_s(), &form->range, &message);
    if (!str_is_empty(message))
        return call_fail(call, error, "%.*s", STR_ARG(message));
    call->is_authentic = error == S3_OK;
    if (call->is_authentic)
        upload_turns_prove(&call->objects->turns, call->turn);
    call->key = key;
    if (error == S3_OK)
        error = call_need_bucket(call);
    if (error == S3_OK)
        error = describe(form);
    digest_begin(&call->thread->digests.md5, DIGEST_MD5);
    form->is_in_file = true;
    return error == S3_OK ? call_store_error(call,
                                store_upload_begin(call->store, &form->upload, -1), S3_INTERNAL)
                          : error;
}

/* --- the parts --- */

/* Of two fields with one name the policy would judge the one and the object keep the other. */
static bool has_field(const struct form *form, struct str name)
{
    for (size_t i = 0; i < form->field_count; i++)
        if (str_equal_nocase(form->fields[i].name, name))
            return true;
    return false;
}

static enum s3_error begin_part(struct form *form)
{
    struct str name = form->parser.part.name;
    if (str_equal_nocase(name, STR("file")))
        return begin_file(form);
    if (form->field_count == FIELDS_MAX)
        return S3_MAX_POST_PRE_DATA;
    if (has_field(form, name))
        return call_fail(form->call, S3_INVALID_ARGUMENT,
            "The form has two fields with the name %.*s.", STR_ARG(name));
    form->fields[form->field_count].name = arena_copy(form->call->arena, name);
    buf_init_arena(&form->value, form->call->arena, FIELD_MAX_BYTES);
    return S3_OK;
}

static int64_t max_bytes(const struct form *form)
{
    int64_t ours = form->call->objects->config.max_presigned_bytes;
    bool is_bound = form->range.max_bytes < OBJECTS_SIZE_MAX_BYTES;
    return is_bound ? form->range.max_bytes : ours;
}

static enum s3_error take_bytes(struct form *form, struct str bytes)
{
    if (!form->is_in_file) {
        form->field_bytes += bytes.len;
        if (form->field_bytes > FIELD_MAX_BYTES)
            return S3_MAX_POST_PRE_DATA;
        buf_put(&form->value, bytes);
        return S3_OK;
    }
    form->object.size_bytes += (int64_t)bytes.len;
    if (form->object.size_bytes > max_bytes(form)) {
        call_add_detail(form->call, STR("MaxSizeAllowed"),
            arena_printf(form->call->arena, "%lld", (long long)max_bytes(form)));
        return S3_ENTITY_TOO_LARGE;
    }
    digest_update(&form->call->thread->digests.md5, bytes);
    return call_store_error(
        form->call, store_upload_write(&form->upload, bytes.ptr, bytes.len), S3_INTERNAL);
}

static enum s3_error end_part(struct form *form)
{
    if (!form->is_in_file) {
        form->fields[form->field_count++].value = buf_str(&form->value);
        return S3_OK;
    }
    form->is_stored = true;
    if (form->object.size_bytes >= form->range.min_bytes)
        return S3_OK;
    call_add_detail(form->call, STR("MinSizeAllowed"),
        arena_printf(form->call->arena, "%lld", (long long)form->range.min_bytes));
    return S3_ENTITY_TOO_SMALL;
}

static enum s3_error bad_form(struct form *form)
{
    return call_fail(form->call, S3_MALFORMED_POST_REQUEST, "%.*s", STR_ARG(form->parser.sentence));
}

static enum s3_error take_event(struct form *form, enum multipart_event event, struct str bytes)
{
    if (form->is_stored)
        return S3_OK; /* what follows the file is ignored, as by S3 */
    switch (event) {
    case MULTIPART_PART:
        return begin_part(form);
    case MULTIPART_DATA:
        return take_bytes(form, bytes);
    case MULTIPART_PART_END:
        return end_part(form);
    default:
        return S3_OK;
    }
}

static enum s3_error read_form(struct form *form)
{
    struct objects_thread *thread = form->call->thread;
    enum multipart_event event = MULTIPART_NEED_MORE;
    enum s3_error error = S3_OK;
    struct str bytes;
    ssize_t count;
    while ((count = request_read_body(form->call->request, thread->buffer, sizeof thread->buffer)) >
           0) {
        multipart_push(&form->parser, str_from((const char *)thread->buffer, (size_t)count));
        while ((event = multipart_next(&form->parser, &bytes)) > MULTIPART_NEED_MORE) {
            error = take_event(form, event, bytes);
            if (error != S3_OK)
                return error;
        }
        if (event == MULTIPART_ERROR)
            return bad_form(form);
    }
    if (count < 0)
        return form->call->request->is_too_slow ? S3_REQUEST_TIMEOUT : S3_INCOMPLETE_BODY;
    if (!multipart_finish(&form->parser))
        return bad_form(form);
    return form->is_stored ? S3_OK
                           : call_fail(form->call, S3_INVALID_ARGUMENT,
                                 "POST requires exactly one file upload per request.");
}

/* --- the answer --- */

static enum s3_error commit(struct form *form)
{
    struct call *call = form->call;
    unsigned char md5_bytes[DIGEST_MAX_BYTES];
    struct store_condition condition = {
        .must_be_absent = str_equal(field(form, STR("if-none-match")), STR("*")),
    };
    digest_finish(&call->thread->digests.md5, md5_bytes);
    form->object.etag = escape_hex(call->arena, str_from((const char *)md5_bytes, MD5_BYTES));
    form->object.modified_at_ms = clock_now_ms();
    return object_commit_error(
        call, store_upload_commit(&form->upload, call->arena, &form->object, condition), condition);
}

static struct str location_of(struct call *call)
{
    return arena_printf(call->arena, "%s://%.*s/%.*s/%.*s",
        call->request->is_https ? "https" : "http", STR_ARG(call->request->host),
        STR_ARG(call->bucket), STR_ARG(escape_url_path_str(call->arena, call->key)));
}

/* The form's own wish, which its policy has bound. */
static void redirect(struct form *form, struct str target)
{
    struct call *call = form->call;
    call->reply->http_status = 303;
    call_set_header(call, STR("Location"),
        arena_printf(call->arena, "%.*s%sbucket=%.*s&key=%.*s&etag=%%22%.*s%%22", STR_ARG(target),
            str_index(target, '?') < 0 ? "?" : "&", STR_ARG(call->bucket),
            STR_ARG(escape_url_str(call->arena, call->key)), STR_ARG(form->object.etag)));
}

static bool is_address(struct str target)
{
    for (size_t i = 0; i < target.len; i++)
        if ((unsigned char)target.ptr[i] <= ' ' || target.ptr[i] == 127)
            return false;
    return str_starts_with(target, STR("https://")) || str_starts_with(target, STR("http://"));
}

static void answer(struct form *form)
{
    struct call *call = form->call;
    struct str target = field(form, STR("success_action_redirect"));
    struct str wanted = field(form, STR("success_action_status"));
    call_set_header(
        call, STR("ETag"), arena_printf(call->arena, "\"%.*s\"", STR_ARG(form->object.etag)));
    if (is_address(target)) {
        redirect(form, target);
        return;
    }
    call_set_header(call, STR("Location"), location_of(call));
    call->reply->http_status = str_equal(wanted, STR("200")) ? 200 : 204;
    if (!str_equal(wanted, STR("201")))
        return;
    xml_begin(&call->reply->body);
    xml_open(&call->reply->body, "PostResponse");
    xml_text(&call->reply->body, "Location", location_of(call));
    xml_text(&call->reply->body, "Bucket", call->bucket);
    xml_text(&call->reply->body, "Key", call->key);
    xml_text(&call->reply->body, "ETag",
        arena_printf(call->arena, "\"%.*s\"", STR_ARG(form->object.etag)));
    xml_close(&call->reply->body, "PostResponse");
    call_answer_xml(call, 201);
}

enum s3_error post_object(struct call *call)
{
    static const struct multipart_limits limits = {
        .max_parts = FIELDS_MAX + 1,
        .max_field_bytes = FIELD_MAX_BYTES,
        .max_file_bytes = OBJECTS_SIZE_MAX_BYTES,
    };
    struct form form = { .call = call, .upload = STORE_UPLOAD_INIT };
    if (multipart_init(&form.parser, call->request->content_type, &limits) != STATUS_OK)
        return call_fail(call, S3_MALFORMED_POST_REQUEST,
            "The body of your POST request is not well-formed multipart/form-data.");
    enum s3_error error = read_form(&form);
    if (error == S3_OK)
        error = commit(&form);
    store_upload_abort(&form.upload);
    if (error == S3_OK)
        answer(&form);
    return error;
}
