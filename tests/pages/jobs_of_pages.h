/*
 * jobs_of_pages.h - the jobs that the page of jobs shows in these tests: kinds of their own, so
 * that a new kind of the program changes no golden file.
 *
 * Order of use: one row of the story after the other.
 */
#ifndef TESTS_JOBS_OF_PAGES_H
#define TESTS_JOBS_OF_PAGES_H

#include "browser.h"

/* The kinds and the schedule, which nobody has run yet. */
void jobs_plan_some(struct world *world);

/* One that was done, one that is dead (id 2), one that runs and one that waits for another try. */
void jobs_make_some(struct world *world);

/* Long after: what is due was never taken. */
void jobs_end(struct world *world);

#endif
