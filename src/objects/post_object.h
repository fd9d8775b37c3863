/*
 * post_object.h - telling a browser's form from other requests.
 */
#ifndef OBJECTS_POST_OBJECT_H
#define OBJECTS_POST_OBJECT_H

#include "objects/call.h"

/* A form posted to a bucket, with nothing in the query: its signature is in its body, so
 * post_object checks it, and only post_object may be called. */
bool post_object_is_form(const struct call *call);

#endif
