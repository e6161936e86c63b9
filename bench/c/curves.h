#ifndef GW_BENCH_CURVES_H
#define GW_BENCH_CURVES_H

#include "child.h"

/* Adds the rows of implementation "c" that are points of curves. */
void curves(const struct bench_lib *opened);

#endif
