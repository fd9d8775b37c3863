/*
 * location_put.h - the parts of a bucket's address put into a writer; private to sign/.
 */
#ifndef SIGN_LOCATION_PUT_H
#define SIGN_LOCATION_PUT_H

#include "sign/location.h"
#include "sign/writer.h"

void put_location_host(struct writer *writer, const struct s3_location *location);
void put_location_path(struct writer *writer, const struct s3_location *location, struct str key);

#endif
