/* Finding the file among the parts of a form, and making sure that the form ends well. */
#include "web/form_file.h"

enum { PARTS_MAX = 100, TEXT_MAX_BYTES = 64 * 1024 };

/* `sentence` goes on with the name of the field. */
static enum status refuse(struct form_file *file, const char *sentence)
{
    return failure_format(&file->failure, file->arena, STATUS_INVALID, str_from_c(file->field),
        "%s \"%s\".", sentence, file->field);
}

/* What the parser says about a form that is none. */
static enum status fail_malformed(struct form_file *file)
{
    struct str sentence = file->parts->parser.sentence;

    return failure_set(&file->failure, file->parts->status, STR_EMPTY,
        str_is_empty(sentence) ? STR("The upload was cut short. Nothing was saved; try again.")
                               : sentence);
}

/* --- after the file --- */

/* Nothing but text may follow, up to the end of the form. */
static enum status read_ending(struct form_file *file)
{
    while (form_parts_next(file->parts))
        if (file->parts->parser.part.has_filename)
            return failure_set(&file->failure, STATUS_INVALID, str_from_c(file->field),
                STR("Send one file in a form. Nothing was saved."));
    return file->parts->status == STATUS_OK ? STATUS_OK : fail_malformed(file);
}

static ssize_t read_file(void *context, void *buffer, size_t len)
{
    struct form_file *file = context;
    ssize_t count;

    if (file->failure.status != STATUS_OK)
        return -1;
    count = form_parts_read(file->parts, buffer, len);
    if (count < 0)
        fail_malformed(file);
    if (count == 0 && read_ending(file) != STATUS_OK)
        return -1;
    return count;
}

/* --- up to the file --- */

static enum status begin_file(struct form_file *file, const struct multipart_part *part)
{
    if (!str_equal(part->name, str_from_c(file->field)))
        return refuse(file, "The file is expected in the field");
    if (str_is_empty(part->filename))
        return refuse(file, "Choose a file, and send it with its name in the field");
    file->filename = arena_copy(file->arena, part->filename);
    file->content_type = arena_copy(file->arena, part->content_type);
    return STATUS_OK;
}

static enum status find_file(struct form_file *file)
{
    while (form_parts_next(file->parts))
        if (file->parts->parser.part.has_filename)
            return begin_file(file, &file->parts->parser.part);
    if (file->parts->status != STATUS_OK)
        return fail_malformed(file);
    return refuse(file, "The form holds no file. Send one in the field");
}

enum status form_file_open(struct exchange *exchange, const char *field, struct form_file *file)
{
    static const struct multipart_limits limits = {
        .max_parts = PARTS_MAX,
        .max_field_bytes = TEXT_MAX_BYTES,
        .max_file_bytes = INT64_MAX, /* who stores it knows its limit */
    };
    struct form_parts *parts = arena_alloc(exchange->arena, sizeof(*parts));

    *file = (struct form_file){
        .source = { read_file, file },
        .parts = parts,
        .arena = exchange->arena,
        .field = field,
    };
    if (form_parts_init(parts, exchange->request, &limits) != STATUS_OK)
        return failure_set(&file->failure, STATUS_BAD_REQUEST, STR_EMPTY,
            STR("The form's Content-Type names no usable boundary. Leave that header to the "
                "program that builds the form."));
    return find_file(file);
}
