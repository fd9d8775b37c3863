/*
 * asset_form.h - uploads by a form that a browser without JavaScript posts straight to storage.
 *
 * Three steps, each of its own request: asset_form_grant reserves (a `pending` row, before anything
 * leaves the house), asset_form_sign makes the form for that row as often as its page is looked at,
 * and asset_form_commit is where storage sends the browser afterwards. The policy of the form binds
 * key, type, size range, encryption and the address to come back to; it can bind neither a checksum
 * nor "only once". So the row is `open` as those of other grants that can write twice (asset.h):
 * it is looked at again until the grant cannot be used any more, and when the browser never comes
 * back, it is adopted by whoever looks for its key, or by the sweep.
 *
 * Only for the owner: an administrator who sees the image of somebody else neither signs nor
 * commits a form for it.
 */
#ifndef DOMAIN_ASSET_FORM_H
#define DOMAIN_ASSET_FORM_H

#include "domain/asset.h"

/* Whether the storage takes such forms (S3_POST_POLICY). */
bool asset_form_is_possible(const struct task *task);

/*
 * Reserve a key for a file of that name, whose ending decides the type. *out_id is the row's.
 *
 * NOT_FOUND where asset_form_is_possible says no. FORBIDDEN for viewers. TYPE_NOT_ALLOWED, INVALID
 * (field "filename"), QUOTA as of other grants.
 */
enum status asset_form_grant(struct task *task, struct str filename, int64_t *out_id) MUST_CHECK;

struct upload_form {
    bool is_saved; /* the file came and is an image now: there is no form, the rest is empty */
    int64_t asset_id;
    struct str filename;
    struct str content_type;
    struct str url;      /* the form's action */
    struct pairs fields; /* hidden, in this order, before the field "file" */
    int64_t min_size_bytes;
    int64_t max_size_bytes;
    int64_t expires_at;
    bool writes_once; /* storage refuses a second file; else it replaces the first */
};

/*
 * The form for a reserved row. `redirect`: the absolute address that storage sends the browser to.
 *
 * NOT_FOUND: not a row of the actor's that was reserved so. GONE: its time is over, or what came
 * was refused; begin again. STORAGE_REFUSED: there are no keys to sign with.
 */
enum status asset_form_sign(
    struct task *task, int64_t id, struct str redirect, struct upload_form *out) MUST_CHECK;

/*
 * The browser came back. `key` is what storage says it stored; empty: nothing was said. What
 * asset_commit says, and NOT_FOUND for a row that is not the actor's, that was not reserved so, or
 * that has another key. Safe to repeat, and to be called by anybody who can make this person's
 * browser open an address: it does no more than the sweep will.
 */
enum status asset_form_commit(
    struct task *task, int64_t id, struct str key, struct asset *out, bool *out_created) MUST_CHECK;

#endif
