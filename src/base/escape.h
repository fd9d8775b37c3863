/*
 * escape.h - writing text into HTML, URLs, JSON and XML, and the encodings of bytes as text.
 *
 * One function per output context, each a 256-entry table. Appenders write to a buf.
 */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include "base/buf.h"

/* Text or a double-quoted attribute of HTML: & < > " ' as entities. Bytes are kept as they are. */
void escape_html(struct buf *out, struct str s);

/* XML 1.0 text or attribute. Tab, CR and LF travel as references; control bytes, malformed UTF-8
 * and code points that XML cannot hold become &#xFFFD;. */
void escape_xml(struct buf *out, struct str s);

/* The inside of a JSON string; also escapes < > & U+2028 U+2029 so that it can stand in HTML.
 * Invalid UTF-8 becomes U+FFFD. */
void escape_json(struct buf *out, struct str s);

/* The same for JSON that never stands in HTML: < > & are kept as they are, as in URLs. */
void escape_json_plain(struct buf *out, struct str s);

/* Percent-encoding of RFC 3986's reserved bytes, upper-case hex, space as %20: a query name or
 * value, and what SigV4 calls UriEncode with '/' encoded. */
void escape_url(struct buf *out, struct str s);

/* The same, but '/' stays: an object key in a path (SigV4's UriEncode for S3). */
void escape_url_path(struct buf *out, struct str s);

/* The same two, allocated. */
struct str escape_url_str(struct arena *arena, struct str s);
struct str escape_url_path_str(struct arena *arena, struct str s);

/*
 * Undo percent-encoding. `plus_is_space` for application/x-www-form-urlencoded. Returns false on a
 * bad or cut escape. Does not judge the bytes: see url.h for what forms refuse.
 */
bool escape_url_decode(
    struct arena *arena, struct str s, bool plus_is_space, struct str *out) MUST_CHECK;

/* Lower-case hex. */
struct str escape_hex(struct arena *arena, struct str bytes);
/* Either case; false on odd length or another byte. */
bool escape_hex_decode(struct arena *arena, struct str text, struct str *out) MUST_CHECK;

/* RFC 4648 base64 with padding. */
struct str escape_base64(struct arena *arena, struct str bytes);
/* Strict: padding required, no spaces, unused bits zero. */
bool escape_base64_decode(struct arena *arena, struct str text, struct str *out) MUST_CHECK;

/* RFC 4648 base64url without padding. */
struct str escape_base64url(struct arena *arena, struct str bytes);
bool escape_base64url_decode(struct arena *arena, struct str text, struct str *out) MUST_CHECK;

#endif
