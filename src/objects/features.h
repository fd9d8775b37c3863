/*
 * features.h - request headers that ask for what this endpoint does not have.
 */
#ifndef OBJECTS_FEATURES_H
#define OBJECTS_FEATURES_H

#include "objects/call.h"

/* NotImplemented, with the header's name, when there is one: better refused than silently not done.
 */
enum s3_error features_refuse(struct call *call) MUST_CHECK;

#endif
