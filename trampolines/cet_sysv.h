/* _CET_ENDBR: the first instruction of every function, where indirect calls and jumps land. Built with -fcf-protection
   it is an ENDBR64, and each file carries the note that lets the linker mark libgangway.so for indirect branch tracking
   (IBT) and shadow stacks (SHSTK); otherwise there is neither, as in Go's object: the code of a Go program has no
   ENDBR64 and switches stacks without switching shadow stacks.

   What shadow stacks ask for: every RET returns to where the matching CALL was, though what comes between may move the
   return address (gw_errno_call does). Code made at run time: thunks (bridge/thunk.c) and the code of signatures
   (callcode.c, closurecode.c) have ENDBR64 wherever jumps land; the code of plans (gocode.c, gocallback.c) runs in Go
   programs alone and has none. */
#ifdef __CET__
#include <cet.h>
#else
#define _CET_ENDBR
#endif
