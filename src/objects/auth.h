/*
 * auth.h - who may do what here: whoever signs with a known key may do everything, nobody else
 * anything.
 */
#ifndef OBJECTS_AUTH_H
#define OBJECTS_AUTH_H

#include "objects/call.h"

/*
 * Take the request apart: fills claim and query, and splits the decoded path into bucket and key.
 * Checks their forms (InvalidURI, InvalidBucketName, KeyTooLongError) but no signature.
 */
enum s3_error auth_parse(struct call *call) MUST_CHECK;

/* The signature, the time, the key. AccessDenied for an anonymous request. */
enum s3_error auth_check(struct call *call) MUST_CHECK;
/* What a failed check of sign/ means to the client, with S3's details; never S3_OK. */
enum s3_error auth_refuse(struct call *call, const struct verify_failure *failure);

#endif
