/*
 * local_path.h - where a person may be sent on after signing in: a page of ours, nothing else.
 *
 * The address arrives as ?next=..., so anyone can write it: a browser reads "//evil.example" and
 * "/\evil.example" as another site.
 */
#ifndef WEB_LOCAL_PATH_H
#define WEB_LOCAL_PATH_H

#include "base/str.h"

enum { LOCAL_PATH_MAX_BYTES = 1000 };

/* True for '/' followed by neither '/' nor '\', without backslashes, control bytes or bytes above
 * 0x7e, of at most LOCAL_PATH_MAX_BYTES; and not the sign-in page itself. */
bool local_path_is_safe(struct str path);

#endif
