/*
 * header_params.c - reading parameters; nothing is copied or decoded.
 */
#include "cgi/header_params.h"

static struct str skip_blanks(struct str s)
{
    while (s.len && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
        s = str_from_offset(s, 1);
    return s;
}

struct str header_params_begin(struct str *rest)
{
    ssize_t end = str_index(*rest, ';');
    struct str first = end < 0 ? *rest : str_head(*rest, (size_t)end);

    *rest = str_from_offset(*rest, first.len);
    return str_trim(first);
}

/* Nothing more, or another parameter. */
static bool is_end(struct str s)
{
    s = skip_blanks(s);
    return s.len == 0 || s.ptr[0] == ';';
}

/* The length of a quoted value whose first quote is gone, or -1 when it has no end. */
static ssize_t quoted_length(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        bool is_escaped = i > 0 && s.ptr[i - 1] == '\\';

        if (s.ptr[i] == '"' && (!is_escaped || is_end(str_from_offset(s, i + 1))))
            return (ssize_t)i;
    }
    return -1;
}

static size_t token_length(struct str s)
{
    size_t len = 0;

    while (len < s.len && !strchr(" \t;=\"", s.ptr[len]))
        len++;
    return len;
}

static bool take_value(struct str *rest, struct str *out)
{
    if (rest->len && rest->ptr[0] == '"') {
        struct str inside = str_from_offset(*rest, 1);
        ssize_t len = quoted_length(inside);

        if (len < 0)
            return false;
        *out = str_head(inside, (size_t)len);
        *rest = str_from_offset(inside, (size_t)len + 1);
    } else {
        *out = str_head(*rest, token_length(*rest));
        *rest = str_from_offset(*rest, out->len);
        if (out->len == 0)
            return false;
    }
    return is_end(*rest);
}

int header_params_next(struct str *rest, struct header_param *out)
{
    *rest = skip_blanks(*rest);
    while (rest->len && rest->ptr[0] == ';') /* empty parameters are allowed and common */
        *rest = skip_blanks(str_from_offset(*rest, 1));
    if (rest->len == 0)
        return 0;

    out->name = str_head(*rest, token_length(*rest));
    *rest = str_from_offset(*rest, out->name.len);
    if (out->name.len == 0 || rest->len == 0 || rest->ptr[0] != '=')
        return -1;
    *rest = str_from_offset(*rest, 1);
    return take_value(rest, &out->value) ? 1 : -1;
}
