/* Calls: by the code of the signature. */
#include "signature.h"

void gw_call(const gw_signature *signature, void (*fn)(void), void *result, void *const *args)
{
	signature->call(signature, fn, result, args, NULL);
}

void gw_call_chained(const gw_signature *signature, void (*fn)(void), void *chain, void *result,
		     void *const *args)
{
	signature->call(signature, fn, result, args, chain);
}
