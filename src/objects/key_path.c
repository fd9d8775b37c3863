/*
 * key_path.c - see key_path.h. Only names: nothing here touches the file system.
 */
#include "objects/key_path.h"

/* What a name ends with: the object's file, a folder whose piece ended in '/', a folder whose piece
 * was full. A file keeps its '/' in the name ("=2f"); a folder's is told by the suffix. */
#define SUFFIX_FILE   ".o"
#define SUFFIX_SLASH  '+'
#define SUFFIX_FOLDER '~'

static const char hex_digits[] = "0123456789abcdef";

static bool byte_stands_for_itself(unsigned char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
           byte == '_';
}

/* The encoded bytes of `s` to `out`, which has room for three times as many. Returns the end. */
static char *write_bytes(char *out, struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char byte = (unsigned char)s.ptr[i];
        if (byte_stands_for_itself(byte)) {
            *out++ = (char)byte;
            continue;
        }
        *out++ = '=';
        *out++ = hex_digits[byte >> 4];
        *out++ = hex_digits[byte & 15];
    }
    return out;
}

void key_piece_name(const struct key_piece *piece, char out[KEY_NAME_MAX + 1])
{
    struct str bytes = str_from(piece->bytes, piece->len);
    bool is_slash = piece->is_folder && str_ends_with(bytes, STR("/"));
    char *end = write_bytes(out, str_head(bytes, bytes.len - (is_slash ? 1 : 0)));
    if (!piece->is_folder) {
        memcpy(end, SUFFIX_FILE, sizeof SUFFIX_FILE);
        return;
    }
    end[0] = is_slash ? SUFFIX_SLASH : SUFFIX_FOLDER;
    end[1] = '\0';
}

/* The length of the first piece of `rest`: up to and with a '/', or KEY_PIECE_MAX bytes. */
static size_t first_piece_len(struct str rest)
{
    struct str window = str_head(rest, KEY_PIECE_MAX);
    ssize_t slash = str_index(window, '/');
    return slash >= 0 ? (size_t)slash + 1 : window.len;
}

static void put_piece(struct buf *out, struct str bytes, bool is_folder)
{
    struct key_piece piece = { .len = (uint8_t)bytes.len, .is_folder = is_folder };
    char name[KEY_NAME_MAX + 1];
    memcpy(piece.bytes, bytes.ptr, bytes.len);
    key_piece_name(&piece, name);
    buf_put_c(out, name);
    if (is_folder)
        buf_put_byte(out, '/');
}

void key_path_write(struct buf *out, struct str key)
{
    size_t len = first_piece_len(key);
    while (len < key.len) {
        put_piece(out, str_head(key, len), true);
        key = str_from_offset(key, len);
        len = first_piece_len(key);
    }
    put_piece(out, key, false);
}

void key_piece_at_start(struct str rest, struct key_piece *out)
{
    *out = (struct key_piece){ .len = (uint8_t)first_piece_len(rest) };
    memcpy(out->bytes, rest.ptr, out->len);
}

bool key_piece_of_prefix(struct str prefix, struct key_piece *out)
{
    size_t len = first_piece_len(prefix);
    bool is_full = len == KEY_PIECE_MAX || (len > 0 && prefix.ptr[len - 1] == '/');
    if (!is_full)
        return false;
    key_piece_at_start(prefix, out);
    out->is_folder = true;
    return true;
}

static int hex_value(char digit)
{
    const char *at = digit == '\0' ? NULL : strchr(hex_digits, digit);
    return at ? (int)(at - hex_digits) : -1;
}

/* Decode up to a suffix. Returns where it begins, or NULL on what write_bytes never writes. */
static const char *read_bytes(const char *name, struct key_piece *piece)
{
    while (byte_stands_for_itself((unsigned char)*name) || *name == '=') {
        unsigned char byte = (unsigned char)*name++;
        if (byte == '=') {
            int high = hex_value(name[0]);
            int low = high < 0 ? -1 : hex_value(name[1]);
            if (low < 0 || byte_stands_for_itself((unsigned char)(high * 16 + low)))
                return NULL;
            byte = (unsigned char)(high * 16 + low);
            name += 2;
        }
        if (piece->len == KEY_PIECE_MAX)
            return NULL;
        piece->bytes[piece->len++] = (char)byte;
    }
    return name;
}

bool key_piece_parse(const char *name, struct key_piece *out)
{
    out->len = 0;
    const char *suffix = read_bytes(name, out);
    if (suffix == NULL)
        return false;
    if (strcmp(suffix, SUFFIX_FILE) == 0) {
        out->is_folder = false;
        return out->len > 0;
    }
    if (suffix[0] == '\0' || suffix[1] != '\0')
        return false;
    out->is_folder = true;
    if (suffix[0] == SUFFIX_FOLDER)
        return out->len == KEY_PIECE_MAX;
    if (suffix[0] != SUFFIX_SLASH || out->len == KEY_PIECE_MAX)
        return false;
    out->bytes[out->len++] = '/';
    return true;
}

int key_piece_compare(const struct key_piece *a, const struct key_piece *b)
{
    int order = str_compare(str_from(a->bytes, a->len), str_from(b->bytes, b->len));
    return order != 0 ? order : (int)a->is_folder - (int)b->is_folder;
}

/* Four decimal numbers with dots between: a name that would be taken for an address. */
static bool is_ipv4_like(struct str name)
{
    struct str rest = name;
    struct str part;
    int parts = 0;
    while (str_split(&rest, '.', &part)) {
        uint64_t number;
        if (!str_parse_u64(part, &number) || number > 255)
            return false;
        parts++;
    }
    return parts == 4;
}

bool bucket_name_is_valid(struct str name)
{
    if (name.len < 3 || name.len > 63)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool is_edge = i == 0 || i == name.len - 1;
        bool is_alnum = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!is_alnum && (is_edge || (c != '-' && c != '.')))
            return false;
    }
    return str_find(name, STR("..")) < 0 && !is_ipv4_like(name);
}
