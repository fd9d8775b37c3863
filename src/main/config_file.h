/*
 * config_file.h - files of NAME=value lines: $DATA/settings.env and ./.env.
 *
 * The common part of what shells and dotenv libraries read: empty lines and # comments, also behind
 * a value after white space; an optional `export`; a value bare or in single or double quotes. No
 * expansion, no continuation lines.
 */
#ifndef MAIN_CONFIG_FILE_H
#define MAIN_CONFIG_FILE_H

#include "base/url.h"
#include "main/config.h"

enum config_file_mode { CONFIG_FILE_ANY_MODE, CONFIG_FILE_ONLY_OWNER };

/*
 * Read `path`. An absent file is an empty one. Lines that are not understood, and with ONLY_OWNER a
 * file that others can read or write, become problems.
 */
void config_file_read(struct arena *arena, struct str path, enum config_file_mode mode,
    struct pairs *out, struct config_problems *problems);

#endif
