//go:build cgo && bench_expat

package main

/*
#cgo LDFLAGS: -lexpat
#include <expat.h>

void goStart(void *, void *, void *);
void goEnd(void *, void *);
void goText(void *, void *, int);

static XML_Parser create_parser(void)
{
	XML_Parser p = XML_ParserCreate(NULL);
	XML_SetElementHandler(p, (XML_StartElementHandler)goStart, (XML_EndElementHandler)goEnd);
	XML_SetCharacterDataHandler(p, (XML_CharacterDataHandler)goText);
	return p;
}
*/
import "C"

import (
	"unsafe"

	"github.com/gangwayffi/gangway/bench/child"
	"github.com/gangwayffi/gangway/bench/real"
)

func init() { libraries = append(libraries, func() []child.Bench { return expat.Benches(impl) }) }

var expat = real.Expat{
	Create: func() unsafe.Pointer { return unsafe.Pointer(C.create_parser()) },
	Parse: func(parser unsafe.Pointer, text *byte, n, final int32) int32 {
		return int32(C.XML_Parse((C.XML_Parser)(parser), (*C.char)(unsafe.Pointer(text)), C.int(n), C.int(final)))
	},
	Free: func(parser unsafe.Pointer) { C.XML_ParserFree((C.XML_Parser)(parser)) },
}
