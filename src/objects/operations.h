/*
 * operations.h - every operation of the endpoint, and the table that finds the one a request means.
 *
 * Named as in Amazon's S3 API reference. Each is called with an authorised call.
 */
#ifndef OBJECTS_OPERATIONS_H
#define OBJECTS_OPERATIONS_H

#include "objects/call.h"

call_handler list_buckets;                                         /* bucket.c */
call_handler create_bucket, delete_bucket, head_bucket;            /* bucket.c */
call_handler get_bucket_location;                                  /* bucket.c */
call_handler list_objects, list_objects_v2;                        /* list.c */
call_handler put_object;                                           /* put.c */
call_handler post_object;                                          /* post_object.c */
call_handler get_object, head_object;                              /* get.c */
call_handler delete_object, delete_objects;                        /* delete.c */
call_handler create_multipart_upload, abort_multipart_upload;      /* multipart.c */
call_handler list_multipart_uploads, list_parts;                   /* multipart.c */
call_handler upload_part;                                          /* upload_part.c */
call_handler complete_multipart_upload;                            /* complete.c */
call_handler get_bucket_lifecycle, put_bucket_lifecycle;           /* bucket_document.c */
call_handler delete_bucket_lifecycle;                              /* bucket_document.c */
call_handler get_object_tagging, put_object_tagging;               /* object_tagging.c */
call_handler delete_object_tagging;                                /* object_tagging.c */
call_handler copy_object, upload_part_copy;                        /* copy.c */
call_handler get_bucket_cors, put_bucket_cors, delete_bucket_cors; /* bucket_document.c */

/*
 * The operation of a call, by its method, what its path names and its query; also sets
 * call->operation. NotImplemented for what S3 has and this endpoint has not, MethodNotAllowed for
 * what S3 has not either.
 */
enum s3_error operations_find(struct call *call, call_handler **out) MUST_CHECK;

#endif
