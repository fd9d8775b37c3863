/*
 * asset_inspect.c - does the object keep what its grant promised? And the end of those that do not,
 * or that are not wanted any more.
 */
#include "domain/asset_row.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/log.h"
#include "base/metrics.h"
