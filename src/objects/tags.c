/*
 * tags.c - see tags.h.
 */
#include "objects/tags.h"

#include "base/url.h"
#include "base/xml.h"

struct parsing {
    struct arena *arena;
    struct store_object *object;
    struct str problem;
};

static bool fail(struct parsing *parsing, struct str problem)
{
    parsing->problem = problem;
    return false;
}

static size_t count_chars(struct str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return count;
}

/* One more, still without key and value. */
static bool begin_tag(struct parsing *parsing)
{
    struct store_object *object = parsing->object;
    if (object->tag_count == STORE_TAGS_MAX)
        return fail(parsing, STR("Object tags cannot be greater than 10"));
    object->tags[object->tag_count++] = (struct pair){ STR_EMPTY, STR_EMPTY };
    return true;
}

static bool check(struct parsing *parsing)
{
    struct store_object *object = parsing->object;
    for (size_t i = 0; i < object->tag_count; i++) {
        const struct pair *tag = &object->tags[i];
        if (str_is_empty(tag->name) || count_chars(tag->name) > TAG_KEY_MAX_CHARS ||
            !str_is_utf8(tag->name))
            return fail(parsing, STR("The TagKey you have provided is invalid"));
        if (count_chars(tag->value) > TAG_VALUE_MAX_CHARS || !str_is_utf8(tag->value))
            return fail(parsing, STR("The TagValue you have provided is invalid"));
        for (size_t j = 0; j < i; j++)
            if (str_equal(tag->name, object->tags[j].name))
                return fail(parsing, STR("Cannot provide multiple Tags with the same key"));
    }
    return true;
}

enum status tags_parse_header(
    struct arena *arena, struct str header, struct store_object *object, struct str *out_problem)
{
    struct pairs pairs;
    struct parsing parsing = { arena, object, STR_EMPTY };
    object->tag_count = 0;
    bool is_read = url_parse_form(arena, header, STORE_TAGS_MAX + 1, &pairs) == STATUS_OK;
    if (!is_read)
        parsing.problem =
            STR("The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded "
                "URL query parameters without tag name duplicates.");
    for (size_t i = 0; is_read && i < pairs.count; i++) {
        is_read = begin_tag(&parsing);
        if (is_read)
            object->tags[i] = pairs.item[i];
    }
    is_read = is_read && check(&parsing);
    *out_problem = parsing.problem;
    return is_read ? STATUS_OK : STATUS_INVALID;
}

static bool on_element(void *context, struct str path)
{
    if (str_index(path, '/') < 0)
        return str_equal(path, STR("Tagging"));
    return !str_equal(path, STR("Tagging/TagSet/Tag")) || begin_tag(context);
}

static bool on_value(void *context, struct str path, struct str text)
{
    struct parsing *parsing = context;
    struct store_object *object = parsing->object;
    struct pair *last = object->tag_count > 0 ? &object->tags[object->tag_count - 1] : NULL;
    if (str_equal(path, STR("Tagging/TagSet/Tag/Key")))
        last->name = arena_copy(parsing->arena, text);
    else if (str_equal(path, STR("Tagging/TagSet/Tag/Value")))
        last->value = arena_copy(parsing->arena, text);
    return true;
}

enum status tags_parse_document(
    struct arena *arena, struct str document, struct store_object *object, struct str *out_problem)
{
    struct parsing parsing = { arena, object, STR_EMPTY };
    struct xml_reader reader = { on_element, on_value, &parsing };
    object->tag_count = 0;
    bool is_read = xml_read(arena, document, &reader) == STATUS_OK && check(&parsing);
    *out_problem = parsing.problem;
    return is_read ? STATUS_OK : STATUS_INVALID;
}

void tags_write(struct buf *out, const struct store_object *object)
{
    xml_open_document(out, "Tagging");
    xml_open(out, "TagSet");
    for (size_t i = 0; i < object->tag_count; i++) {
        xml_open(out, "Tag");
        xml_text(out, "Key", object->tags[i].name);
        xml_text(out, "Value", object->tags[i].value);
        xml_close(out, "Tag");
    }
    xml_close(out, "TagSet");
    xml_close(out, "Tagging");
}
