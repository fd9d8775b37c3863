/*
 * multipart_row.h - what the files about uploads in parts share; inside domain/ only.
 */
#ifndef DOMAIN_MULTIPART_ROW_H
#define DOMAIN_MULTIPART_ROW_H

#include "domain/asset_row.h"
#include "domain/multipart.h"
#include "remote/s3_multipart.h"
#include "store/multiparts.h"

#define MULTIPART_OPEN STR("open")

/* An upload: its record and its asset. */
struct multipart_pair {
    struct multipart_row upload;
    struct asset_row asset; /* its state is empty when there is none any more */
    enum multipart_state state;
    struct part_plan plan;
};

/* Of a pair whose two rows are read: its state and plan. */
void multipart_understand(struct multipart_pair *pair);

void multipart_describe(
    struct task *task, const struct multipart_pair *pair, struct multipart *out);

/* NOT_FOUND, with the words: there is no such upload, or it is another's. */
enum status multipart_load(struct task *task, int64_t id, struct multipart_pair *out) MUST_CHECK;

/* Only one that is uploading: CONFLICT when it is saved, GONE when it ended otherwise. */
enum status multipart_check_open(struct task *task, const struct multipart_pair *pair) MUST_CHECK;

/* Something was asked about it: it lives on. As multipart_check_open when it ended just now. */
enum status multipart_renew(struct task *task, struct multipart_pair *pair) MUST_CHECK;

/* Begin it in storage where its id is not known: pair->upload.upload_id is set. STORAGE*; GONE. */
enum status multipart_need_id(struct task *task, struct multipart_pair *pair) MUST_CHECK;

/* End it as not wanted: 'pending' -> 'purging', its grant over. NOT_FOUND: it is not pending. */
enum status multipart_bury(
    struct task *task, const struct multipart_pair *pair, enum audit_action action) MUST_CHECK;

/* Every part that storage has of it. NOT_FOUND: storage does not know this upload (any more).
 * Without an upload id: none. STORAGE*. */
struct s3_part_list {
    struct s3_part *item; /* by number */
    size_t count;
};
enum status multipart_list_parts(
    struct task *task, const struct multipart_pair *pair, struct s3_part_list *out) MUST_CHECK;

/* Storage does not know the upload. Is the whole object there? OK; GONE when it is not, and then
 * the upload has ended. STORAGE*. */
enum status multipart_after_vanishing(struct task *task, struct multipart_pair *pair) MUST_CHECK;

/* Delete the parts of an upload that is 'aborting', and when storage confirmed, say so in its
 * record. */
enum status multipart_abort_in_storage(
    struct task *task, const struct multipart_row *upload) MUST_CHECK;

/* --- for asset_sweep.c */

/* Whether that asset is or was uploaded in parts. */
bool multipart_is_one(struct task *task, int64_t asset_id);

/* The grant of a pending row is over and its object is not there. Of an upload in parts: end it,
 * unless it was renewed just now. NOT_FOUND: it is none. */
enum status multipart_lapse(struct task *task, const struct asset_row *row) MUST_CHECK;

/* Abort what is to be aborted, up to `limit`, and uploads that no record knows and that are old;
 * *out_aborted counts them. */
enum status multipart_sweep(struct task *task, int64_t limit, int64_t *out_aborted) MUST_CHECK;

#endif
