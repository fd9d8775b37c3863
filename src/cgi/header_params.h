/*
 * header_params.h - the parameters of a header's value: `; name=value; name="quoted value"`.
 *
 * For Content-Type (RFC 9110, section 5.6.6) and Content-Disposition as forms send it (RFC 7578 and
 * the HTML standard, where a quote is %22 and a backslash is just a backslash).
 */
#ifndef CGI_HEADER_PARAMS_H
#define CGI_HEADER_PARAMS_H

#include "base/str.h"

struct header_param {
    struct str name;
    struct str value; /* between the quotes, nothing decoded */
};

/* Take what comes before the first ';' off the front of *rest, trimmed: "multipart/form-data". */
struct str header_params_begin(struct str *rest);

/*
 * Take the next parameter off the front of *rest. Returns 1, 0 at the end, and -1 when it is
 * malformed. A `\"` inside quotes is taken as a quote of the value unless the parameter ends there:
 * old clients escape so, and a browser sends a name that ends in a backslash so.
 */
int header_params_next(struct str *rest, struct header_param *out);

#endif
