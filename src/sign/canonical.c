/*
 * The canonical forms of path, query and headers. What is put together of them is in sigv4.c and
 * verify.c.
 */
#include "sign/canonical.h"

/* What a byte becomes. */
struct encoded {
    char text[3];
    unsigned char len;
};

/* clang-format off */
#define HEX(digit) ((digit) < 10 ? '0' + (digit) : 'A' + (digit) - 10)
#define IS_UNRESERVED(byte) \
    (((byte) >= '0' && (byte) <= '9') || ((byte) >= 'A' && (byte) <= 'Z') || ((byte) >= 'a' && (byte) <= 'z') || \
     (byte) == '-' || (byte) == '.' || (byte) == '_' || (byte) == '~')
#define IS_PATH(byte) (IS_UNRESERVED(byte) || (byte) == '/')

#define ENTRY(is_plain, byte) \
    { { is_plain(byte) ? (byte) : '%', HEX((byte) >> 4), HEX((byte) & 15) }, is_plain(byte) ? 1 : 3 }
#define FOUR(is_plain, byte) \
    ENTRY(is_plain, (byte)), ENTRY(is_plain, (byte) + 1), ENTRY(is_plain, (byte) + 2), ENTRY(is_plain, (byte) + 3)
#define SIXTEEN(is_plain, byte) \
    FOUR(is_plain, (byte)), FOUR(is_plain, (byte) + 4), FOUR(is_plain, (byte) + 8), FOUR(is_plain, (byte) + 12)
#define SIXTY_FOUR(is_plain, byte) \
    SIXTEEN(is_plain, (byte)), SIXTEEN(is_plain, (byte) + 16), SIXTEEN(is_plain, (byte) + 32), SIXTEEN(is_plain, (byte) + 48)
#define TABLE(is_plain) \
    { SIXTY_FOUR(is_plain, 0), SIXTY_FOUR(is_plain, 64), SIXTY_FOUR(is_plain, 128), SIXTY_FOUR(is_plain, 192) }

static const struct encoded value_table[256] = TABLE(IS_UNRESERVED);
static const struct encoded path_table[256] = TABLE(IS_PATH);
/* clang-format on */

/* Bytes side by side; compilers have instructions for them. */
typedef uint8_t side_by_side __attribute__((vector_size(16)));

/* True when none of 16 bytes needs encoding; `also` is plain besides the unreserved ones. */
static bool are_plain(const char *bytes, uint8_t also)
{
    side_by_side c;
    uint64_t half[2];
    memcpy(&c, bytes, sizeof(c));
    side_by_side is_plain = (side_by_side)((c | 0x20) - 'a' < 26) | (side_by_side)(c - '0' < 10) |
                            (side_by_side)(c == '-') | (side_by_side)(c == '.') |
                            (side_by_side)(c == '_') | (side_by_side)(c == '~') |
                            (side_by_side)(c == also);
    memcpy(half, &is_plain, sizeof(half));
    return (half[0] & half[1]) == UINT64_MAX;
}

/* How many bytes at the start of `s` are known to need no encoding. Keys and types hardly ever do,
 * and are seen to the end by looking at the last 16 bytes, some of them again. */
static size_t plain_length(struct str s, uint8_t also)
{
    size_t len = 0;
    while (s.len - len >= 16 && are_plain(s.ptr + len, also))
        len += 16;
    if (len > 0 && s.len - len < 16 && are_plain(s.ptr + s.len - 16, also))
        len = s.len;
    return len;
}

static void put_by_table(
    struct writer *writer, struct str s, const struct encoded table[256], uint8_t also)
{
    if (ENCODED_BOUND(s.len) > writer_room(writer)) {
        writer->is_over = true;
        return;
    }
    size_t plain = plain_length(s, also);
    put(writer, str_head(s, plain));
    char *at = writer->at;
    for (size_t i = plain; i < s.len; i++) {
        const struct encoded *encoded = &table[(unsigned char)s.ptr[i]];
        memcpy(at, encoded->text, 3);
        at += encoded->len;
    }
    writer->at = at;
}

void put_encoded(struct writer *writer, struct str s)
{
    put_by_table(writer, s, value_table, '-');
}

void put_encoded_path(struct writer *writer, struct str s)
{
    put_by_table(writer, s, path_table, '/');
}

static char to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static void put_lower(struct writer *writer, struct str s)
{
    if (s.len > writer_room(writer)) {
        writer->is_over = true;
        return;
    }
    for (size_t i = 0; i < s.len; i++)
        *writer->at++ = to_lower(s.ptr[i]);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void put_words(struct writer *writer, struct str value)
{
    bool is_first = true;
    for (size_t i = 0; i < value.len;) {
        while (i < value.len && is_blank(value.ptr[i]))
            i++;
        size_t word = i;
        while (i < value.len && !is_blank(value.ptr[i]))
            i++;
        if (i == word)
            break;
        if (!is_first)
            put_byte(writer, ' ');
        put(writer, str_from(value.ptr + word, i - word));
        is_first = false;
    }
}

static void put_trimmed(struct writer *writer, struct str value)
{
    if (str_index(value, ' ') < 0 && str_index(value, '\t') < 0)
        put(writer, value);
    else
        put_words(writer, value);
}

/* --- query
 * ------------------------------------------------------------------------------------------ */

/* Where a byte's encoded form stands among the others': '%' comes before all unreserved bytes. */
static int encoded_rank(char byte)
{
    unsigned char b = (unsigned char)byte;
    return value_table[b].len == 1 ? 256 + b : b;
}

int compare_encoded(struct str a, struct str b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    for (size_t i = 0; i < shorter; i++)
        if (a.ptr[i] != b.ptr[i])
            return encoded_rank(a.ptr[i]) - encoded_rank(b.ptr[i]);
    return (a.len > b.len) - (a.len < b.len);
}

static int compare_pairs(const struct pair *a, const struct pair *b)
{
    int order = compare_encoded(a->name, b->name);
    return order != 0 ? order : compare_encoded(a->value, b->value);
}

bool canonical_query_init(struct canonical_query *query, struct pairs pairs)
{
    query->count = 0;
    query->bound = 0;
    if (pairs.count > SIGV4_QUERY_MAX)
        return false;
    for (size_t i = 0; i < pairs.count; i++) {
        const struct pair *pair = &pairs.item[i];
        size_t at = query->count++;
        for (; at > 0 && compare_pairs(pair, query->item[at - 1]) < 0; at--)
            query->item[at] = query->item[at - 1];
        query->item[at] = pair;
        query->bound += ENCODED_BOUND(pair->name.len + pair->value.len) + sizeof("=&");
    }
    return true;
}

void put_query(struct writer *writer, const struct canonical_query *query, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (i > from)
            put_byte(writer, '&');
        put_encoded(writer, query->item[i]->name);
        put_byte(writer, '=');
        put_encoded(writer, query->item[i]->value);
    }
}

/* --- headers
 * ---------------------------------------------------------------------------------------- */

/* Less than RFC 9110's token, but all that S3 has: these bytes need no encoding in a URL. */
static bool is_header_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (value_table[(unsigned char)name.ptr[i]].len != 1)
            return false;
    return name.len > 0;
}

/* True when one of eight bytes is below 0x20 or 0x7f; carries cannot hide one that is. */
static bool has_control_8(const char *bytes)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t x, is_del;
    memcpy(&x, bytes, sizeof(x));
    is_del = (x ^ ones * 0x7f) - ones;
    return (((x - ones * 0x20) | is_del) & ~x & ones * 0x80) != 0;
}

/* What could end the line would let a value smuggle in another header. */
static bool is_header_value(struct str value)
{
    size_t i = 0;
    while (value.len - i >= 8 && !has_control_8(value.ptr + i))
        i += 8;
    for (; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static int compare_names(struct str a, struct str b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    for (size_t i = 0; i < shorter; i++) {
        int order = (unsigned char)to_lower(a.ptr[i]) - (unsigned char)to_lower(b.ptr[i]);
        if (order != 0)
            return order;
    }
    return (a.len > b.len) - (a.len < b.len);
}

void canonical_headers_init(struct canonical_headers *headers)
{
    headers->count = 0;
    headers->bound = 0;
}

bool canonical_headers_add(struct canonical_headers *headers, struct str name, struct str value)
{
    if (headers->count == SIGV4_HEADERS_MAX || !is_header_name(name) || !is_header_value(value))
        return false;
    size_t at = headers->count++;
    for (; at > 0 && compare_names(name, headers->item[at - 1].name) < 0; at--)
        headers->item[at] = headers->item[at - 1];
    headers->item[at] = (struct pair){ name, value };
    headers->bound += 3 * name.len + value.len +
                      sizeof(":\n"
                             ";"
                             "%3B");
    return true;
}

static bool is_repeat(const struct canonical_headers *headers, size_t i)
{
    return i > 0 && compare_names(headers->item[i].name, headers->item[i - 1].name) == 0;
}

void put_headers(struct writer *writer, const struct canonical_headers *headers)
{
    for (size_t i = 0; i < headers->count; i++) {
        if (is_repeat(headers, i)) {
            put_byte(writer, ',');
        } else {
            if (i > 0)
                put_byte(writer, '\n');
            put_lower(writer, headers->item[i].name);
            put_byte(writer, ':');
        }
        put_trimmed(writer, headers->item[i].value);
    }
    put_byte(writer, '\n');
}

void put_header_names(
    struct writer *writer, const struct canonical_headers *headers, struct str separator)
{
    for (size_t i = 0; i < headers->count; i++) {
        if (is_repeat(headers, i))
            continue;
        if (i > 0)
            put(writer, separator);
        put_lower(writer, headers->item[i].name);
    }
}

/* --- the whole
 * -------------------------------------------------------------------------------------- */

size_t canonical_tail_bound(const struct canonical_headers *headers, struct str payload_hash)
{
    return headers->bound + payload_hash.len + sizeof("\n\n\n\n");
}

void put_canonical_tail(
    struct writer *writer, const struct canonical_headers *headers, struct str payload_hash)
{
    put_byte(writer, '\n');
    put_headers(writer, headers);
    put_byte(writer, '\n');
    put_header_names(writer, headers, STR(";"));
    put_byte(writer, '\n');
    put(writer, payload_hash);
}

size_t canonical_request_bound(const struct canonical_request *request)
{
    return request->method.len + ENCODED_BOUND(request->path.len) + request->query->bound +
           canonical_tail_bound(request->headers, request->payload_hash) + sizeof("\n\n");
}

void put_canonical_request(struct writer *writer, const struct canonical_request *request)
{
    put(writer, request->method);
    put_byte(writer, '\n');
    put_encoded_path(writer, request->path);
    put_byte(writer, '\n');
    put_query(writer, request->query, 0, request->query->count);
    put_canonical_tail(writer, request->headers, request->payload_hash);
}
