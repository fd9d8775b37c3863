/* curl, one option a line. */
#include "web/docs_call.h"

enum { CALL_MAX_BYTES = 8000 };

/* "/images/{id}" with something for each name. */
static void put_path(struct buf *out, const char *path)
{
    static const struct {
        const char *name, *example;
    } examples[] = { { "{id}", "7" }, { "{key}", "uploads/boat.png" } };

    while (*path != '\0') {
        bool is_name = false;
        for (size_t i = 0; i < COUNT_OF(examples) && !is_name; i++) {
            size_t len = strlen(examples[i].name);
            is_name = strncmp(path, examples[i].name, len) == 0;
            if (is_name) {
                buf_put_c(out, examples[i].example);
                path += len;
            }
        }
        if (!is_name)
            buf_put_byte(out, *path++);
    }
}

/* A quote ends the shell's quotes, stands by itself, and begins them again. */
static void put_quoted(struct buf *out, const char *text)
{
    buf_put_byte(out, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            buf_put_c(out, "'\\'");
        buf_put_byte(out, *text);
    }
    buf_put_byte(out, '\'');
}

static void put_json(struct buf *out, const json_t *example)
{
    char *text = json_dumps(example, 0);

    buf_put_c(out, " \\\n  -H \"Content-Type: application/json\" \\\n  -d ");
    put_quoted(out, text);
    free(text);
}

static void put_body(struct buf *out, const json_t *content)
{
    const json_t *json = json_object_get(content, "application/json");
    const json_t *form = json_object_get(content, "multipart/form-data");
    const json_t *required = json_object_get(json_object_get(form, "schema"), "required");

    if (json_object_get(json, "example") != NULL)
        put_json(out, json_object_get(json, "example"));
    if (form != NULL)
        buf_printf(out, " \\\n  -F %s=@boat.png", json_string_value(json_array_get(required, 0)));
}

struct str docs_call(
    struct arena *arena, const char *path, const char *method, const json_t *operation)
{
    const json_t *content = json_object_get(json_object_get(operation, "requestBody"), "content");
    struct buf out;

    buf_init_arena(&out, arena, CALL_MAX_BYTES);
    buf_put_c(&out, "curl ");
    if (content == NULL && strcmp(method, "GET") != 0)
        buf_printf(&out, "-X %s ", method);
    else if (strcmp(method, "PATCH") == 0 || strcmp(method, "PUT") == 0)
        buf_printf(&out, "-X %s ", method);
    buf_put_c(&out, "\"$api");
    put_path(&out, path);
    buf_put_byte(&out, '"');
    if (json_array_size(json_object_get(operation, "security")) > 0)
        buf_put_c(&out, " \\\n  -H \"$auth\"");
    put_body(&out, content);
    return buf_str(&out);
}
