/*
 * setting.h - what the table of settings is made of, and the parsers that its rows name.
 *
 * Seen by config*.c only. A row says everything about a setting; code that loops over the table
 * does the rest, so that adding a setting is adding a row and a field.
 */
#ifndef MAIN_SETTING_H
#define MAIN_SETTING_H

#include "main/config.h"

struct setting;

/*
 * Turn the text of a setting into its field at `out`. False when the text is not acceptable; the
 * row's `expects` is then the message, so a parser has none of its own.
 */
typedef bool setting_parse_fn(
    struct arena *arena, const struct setting *setting, struct str text, void *out);

enum { SETTING_ALIASES_MAX = 2 };

struct setting {
    const char *name;
    const char *aliases[SETTING_ALIASES_MAX]; /* other names that mean the same; NULL: no more */
    const char *fallback;                     /* default as text; NULL: none, or see `doc` */
    setting_parse_fn *parse;
    size_t offset; /* of the field in struct config */
    int64_t min;   /* of numbers; of texts, the least length */
    int64_t max;
    const char *const *choices; /* of choices: words in the order of the enum, ended by NULL */
    bool is_secret;
    const char *expects; /* what a right value is, as the end of "NAME must be ..." */
    const char *doc;     /* one sentence for the reference */
};

/* The table, in the order in which people read it. */
extern const struct setting setting_table[];
extern const size_t setting_count;

/* Text of min..max bytes without control bytes. Field: struct str. */
setting_parse_fn setting_text;
/* A file or folder; made absolute, so that a later chdir changes nothing. Field: struct str. */
setting_parse_fn setting_path;
/* A decimal number in min..max. Field: int64_t. */
setting_parse_fn setting_number;
/* Bytes: a number with an optional KB, MB or GB (decimal: 1 MB is 1,000,000 bytes), min..max.
 * Field: int64_t. */
setting_parse_fn setting_size;
/* One of `choices`, or its usual synonyms for on and off. Field: an enum (int). */
setting_parse_fn setting_choice;
/* The same into an int64_t field. */
setting_parse_fn setting_switch;
/* on or off, and their synonyms. Field: bool. */
setting_parse_fn setting_bool;
/* An origin: http:// or https://, host, optional port, no path. Field: struct str, normalised. */
setting_parse_fn setting_origin;
/* Comma-separated origins, or "*". Field: struct str, normalised, without spaces. */
setting_parse_fn setting_origins;
/* A path of plain segments ("/prod"), without the '/' at its end. Field: struct str. */
setting_parse_fn setting_prefix;
/* Like setting_origin, a path allowed. */
setting_parse_fn setting_url;
/* The name of a bucket (3..63 of a-z 0-9 . -). Field: struct str. */
setting_parse_fn setting_bucket;
/* A domain, or an origin like setting_origin; https:// is put before a domain. Field: struct str,
 * an origin. */
setting_parse_fn setting_cdn;
/* The name of a domain with a dot in it, lower case, perhaps with a dot before it. Field: struct
 * str, without. */
setting_parse_fn setting_cookie_domain;
/* Letters and digits. Field: struct str. */
setting_parse_fn setting_id;
/* "visitor", or an IPv4 address or range. Field: struct str. */
setting_parse_fn setting_source_ip;
/* Text of several lines, min..max bytes. Field: struct str. */
setting_parse_fn setting_lines;
/* Comma-separated content types. Field: struct str, lower case, without spaces. */
setting_parse_fn setting_types;
/* One IP address; IPv6 with or without brackets. Field: struct str. */
setting_parse_fn setting_address;
/* IP addresses and ranges separated by commas, and "unix". Field: struct proxy_trust, but for its
 * header. */
setting_parse_fn setting_proxies;
/* Like setting_size and setting_number, or off, which is 0. Field: int64_t. */
setting_parse_fn setting_size_or_off;
setting_parse_fn setting_number_or_off;
/* "60/min": so many in a s, min, h or day; off. Field: struct rate_policy. */
setting_parse_fn setting_rate;
/* "003" and "004", separated by commas. Field: struct str. */
setting_parse_fn setting_dialects;
/* An address with one @. Field: struct str. */
setting_parse_fn setting_email;

#endif
