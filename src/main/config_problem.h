/*
 * config_problem.h - collecting what is wrong with the settings; used by config*.c only.
 */
#ifndef MAIN_CONFIG_PROBLEM_H
#define MAIN_CONFIG_PROBLEM_H

#include "main/config.h"

/* Add one formatted sentence; more than CONFIG_PROBLEMS_MAX are dropped. */
void config_problem(struct arena *arena, struct config_problems *problems, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Judge the settings of CloudFront together and read its key; nothing when none of them is set. */
void config_check_cloudfront(
    struct arena *arena, struct config *config, struct config_problems *problems);

#endif
