/*
 * form_upload.h - a form with one file, stored as it comes: what the two APIs that take files do.
 */
#ifndef WEB_FORM_UPLOAD_H
#define WEB_FORM_UPLOAD_H

#include "domain/asset.h"
#include "web/exchange.h"

/*
 * Store the file in `field` of the request's form. `how` says everything but the file's name and
 * type, which the form does. BUSY when many are being received; else what form_file_open and
 * asset_store_stream say. A failure leaves nothing behind. A body that cannot fit (Content-Length)
 * is TOO_LARGE before a byte of it is read.
 */
enum status form_upload(struct exchange *exchange, const char *field,
    const struct asset_store_request *how, struct asset *out) MUST_CHECK;

#endif
