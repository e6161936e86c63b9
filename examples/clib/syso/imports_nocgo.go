//go:build !cgo

package main

// What clib_linux_amd64.syso needs from libc: the undefined symbols that `nm -u clib_linux_amd64.syso` shows. (With cgo
// on, the C compiler links and finds them by itself.) A line says
//
//	//go:cgo_import_dynamic NAME NAME#VERSION "LIBRARY"
//
// List all of them: that another package of the program lists one too does no harm. Choose the oldest glibc that the
// program shall run with, and of each function the newest version that this glibc has: `objdump -T
// /lib/x86_64-linux-gnu/libc.so.6` shows them. Before glibc 2.34, threads are in libpthread.so.0, which newer ones
// still ship. Symbols that another object of the program defines, such as Gangway's own functions (gangway.h), need no
// line.
//
//go:cgo_import_dynamic calloc calloc#GLIBC_2.2.5 "libc.so.6"
//go:cgo_import_dynamic free free#GLIBC_2.2.5 "libc.so.6"
//go:cgo_import_dynamic pthread_create pthread_create#GLIBC_2.2.5 "libpthread.so.0"
//go:cgo_import_dynamic pthread_join pthread_join#GLIBC_2.2.5 "libpthread.so.0"
