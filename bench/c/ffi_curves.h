#ifndef GW_BENCH_FFI_CURVES_H
#define GW_BENCH_FFI_CURVES_H

#include "child.h"

/* Adds the rows of implementation "libffi" that are points of curves. */
void ffi_curves(const struct bench_lib *opened);

#endif
