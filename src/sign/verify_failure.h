/*
 * verify_failure.h - filling in struct verify_failure; private to sign/.
 */
#ifndef SIGN_VERIFY_FAILURE_H
#define SIGN_VERIFY_FAILURE_H

#include "sign/verify.h"

/*
 * Fill in *failure and return `problem`. The empty `message`: the table's. What S3 calls
 * AuthorizationHeaderMalformed has another code when it stands in the query.
 */
enum verify_problem verify_fail(struct verify_failure *failure, enum verify_kind kind,
    enum verify_problem problem, struct str message);

void verify_add_detail(struct verify_failure *failure, struct str name, struct str value);

/* A header by lower-case name, or the empty str. */
struct str verify_header(const struct verify_request *request, struct str name);

#endif
