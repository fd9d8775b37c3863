/*
 * password_input.h - where a password on the command line comes from: stdin, or we make one.
 *
 * Never an argument: those stand in the process list and in the shell's history.
 */
#ifndef MAIN_PASSWORD_INPUT_H
#define MAIN_PASSWORD_INPUT_H

#include "base/arena.h"
#include "base/status.h"

struct password_input {
    struct str text;
    bool is_made; /* by us: it has to be shown, once */
};

/* The first line of stdin, or 20 random characters (100 bits). INVALID when stdin has no line. */
enum status password_input_get(
    struct arena *arena, bool from_stdin, struct password_input *out) MUST_CHECK;

#endif
