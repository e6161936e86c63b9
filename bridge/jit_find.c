/* Registered code: the runtime's tables read as the runtime reads them (findfunc, pcvalue, funcdata
   of runtime/symtab.go). The program's own tables are read before the first arena is made, to see
   that the layout is right; the tests read the arenas'. */
#define _GNU_SOURCE
#include "jit.h"

#include <string.h>
#include <sys/mman.h>

static struct gw_jit_slice slice(const void *module, uint32_t offset)
{
	struct gw_jit_slice s;
	memcpy(&s, gw_jit_at(module, offset), sizeof s);
	return s;
}

/* NULL: n bytes at offset are not in the slice, whose elements have that size. */
static const void *element(struct gw_jit_slice s, size_t offset, size_t n, size_t size)
{
	if (s.length > SIZE_MAX / size || offset > s.length * size || n > s.length * size - offset)
		return NULL;
	return (const uint8_t *)s.data + offset;
}

/* A C string at offset; NULL: it does not end in the slice. */
static const char *string(struct gw_jit_slice s, size_t offset)
{
	const char *text = element(s, offset, 1, 1);
	return text != NULL && memchr(text, 0, s.length - offset) != NULL ? text : NULL;
}

static bool varint(const uint8_t **p, const uint8_t *end, uint32_t *out)
{
	uint32_t v = 0;
	for (unsigned shift = 0; shift < 35 && *p < end; shift += 7) {
		uint8_t byte = *(*p)++;
		v |= (uint32_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*out = v;
			return true;
		}
	}
	return false;
}

/* The value that the table at offset has for the byte at pc; offset 0 is no table and gives -1. */
static bool pcvalue(struct gw_jit_slice table, uint32_t offset, size_t pc, int32_t *value)
{
	*value = -1;
	if (offset == 0)
		return true;
	const uint8_t *p = element(table, offset, 1, 1);
	if (p == NULL)
		return false;
	const uint8_t *end = (const uint8_t *)table.data + table.length;
	uint32_t v = UINT32_MAX;
	uint64_t at = 0;
	for (bool first = true;; first = false) {
		uint32_t difference, length;
		if (!varint(&p, end, &difference) || (difference == 0 && !first) ||
		    !varint(&p, end, &length))
			return false;
		v += difference >> 1 ^ -(difference & 1);
		at += length;
		if (pc < at) {
			*value = (int32_t)v;
			return true;
		}
	}
}

/* The function of pc: its position in the module's text, and its runtime._func. */
static const void *find_func(const struct gw_jit_layout *l, const void *module, uintptr_t pc,
			     uintptr_t *entry)
{
	uintptr_t text = gw_jit_get(module, l->module.text);
	if (pc < gw_jit_get(module, l->module.minpc) || pc >= gw_jit_get(module, l->module.maxpc))
		return NULL;
	const struct gw_jit_bucket *buckets =
		(const struct gw_jit_bucket *)gw_jit_get(module, l->module.findfunctab);
	struct gw_jit_slice ftab = slice(module, l->module.ftab);
	const struct gw_jit_functab *functions = ftab.data;
	uint32_t at = (uint32_t)(pc - text);
	const struct gw_jit_bucket *bucket = &buckets[at / GW_JIT_BUCKET];
	size_t i = bucket->index + bucket->sub[at % GW_JIT_BUCKET / GW_JIT_CHUNK];
	while (i + 1 < ftab.length && functions[i + 1].entry <= at)
		i++;
	if (i + 1 >= ftab.length || functions[i].entry > at)
		return NULL;
	*entry = text + functions[i].entry;
	return element(slice(module, l->module.pclntable), functions[i].func, l->func.size, 1);
}

/* Entry i of the npcdata tables or nfuncdata offsets behind a function; missing if there are fewer.
 */
static uint32_t pcdata(const struct gw_jit_layout *l, const void *func, uint32_t i)
{
	return i < gw_jit_get32(func, l->func.npcdata) ? gw_jit_get32(func, l->func.size + 4 * i)
						       : 0;
}

static const struct gw_jit_stackmap *funcdata(const struct gw_jit_layout *l, const void *module,
					      const void *func, uint32_t i)
{
	if (i >= *(const uint8_t *)gw_jit_at(func, l->func.nfuncdata))
		return NULL;
	uint32_t offset =
		gw_jit_get32(func, l->func.size + 4 * (gw_jit_get32(func, l->func.npcdata) + i));
	if (offset == UINT32_MAX)
		return NULL;
	return (const struct gw_jit_stackmap *)(gw_jit_get(module, l->module.gofunc) + offset);
}

bool gw_jit_find(const struct gw_jit_layout *l, const void *module, uintptr_t pc,
		 struct gw_jit_found *found)
{
	const void *func = find_func(l, module, pc, &found->entry);
	if (func == NULL)
		return false;
	size_t at = pc - found->entry;
	struct gw_jit_slice pctab = slice(module, l->module.pctab);
	struct gw_jit_slice cutab = slice(module, l->module.cutab);
	int32_t file;
	if (!pcvalue(pctab, gw_jit_get32(func, l->func.pcsp), at, &found->sp) ||
	    !pcvalue(pctab, gw_jit_get32(func, l->func.pcfile), at, &file) ||
	    !pcvalue(pctab, gw_jit_get32(func, l->func.pcln), at, &found->line) ||
	    !pcvalue(pctab, pcdata(l, func, GW_JIT_PCDATA_UNSAFE), at, &found->preempt) ||
	    !pcvalue(pctab, pcdata(l, func, GW_JIT_PCDATA_MAP), at, &found->map))
		return false;
	found->file = "?";
	if (file >= 0) {
		size_t unit = (size_t)gw_jit_get32(func, l->func.cu) + (uint32_t)file;
		const uint32_t *name = element(cutab, 4 * unit, 4, 4);
		found->file = name == NULL ? NULL : string(slice(module, l->module.filetab), *name);
	}
	found->name =
		string(slice(module, l->module.funcnametab), gw_jit_get32(func, l->func.name));
	found->args = gw_jit_get32(func, l->func.args);
	found->arg_map = funcdata(l, module, func, GW_JIT_FUNCDATA_ARGS);
	found->local_map = funcdata(l, module, func, GW_JIT_FUNCDATA_LOCALS);
	return found->name != NULL && found->file != NULL;
}

/* Whether address may be that of a structure of the runtime: mapped, and aligned. */
static bool readable(uintptr_t address, size_t align)
{
	unsigned char page;
	return address != 0 && address % align == 0 &&
	       mincore((void *)(address & -(uintptr_t)4096), 4096, &page) == 0;
}

static gw_status differs(const char *what)
{
	return gw_fail(GW_EINVAL, "the runtime's tables are not where they should be: %s", what);
}

gw_status gw_jit_find_check(const struct gw_jit_layout *l, const void *module,
			    const struct gw_jit_known *known)
{
	/* From what shows a wrong layout most surely to what rests on it. The header has the
	   offsets of the tables besides. */
	uintptr_t header = gw_jit_get(module, l->module.pc_header);
	if (!readable(header, 8))
		return differs("moduledata.pcHeader");
	uint8_t head[8];
	memcpy(head, (const void *)header, sizeof head);
	if (head[3] != 0xff || head[4] != 0 || head[5] != 0 || head[6] != 1 || head[7] != 8)
		return differs("the pcHeader's magic number");
	const void *h = (const void *)header;
	struct gw_jit_slice ftab = slice(module, l->module.ftab);
	if (gw_jit_get(h, l->header.nfunc) + 1 != ftab.length)
		return differs("moduledata.ftab or pcHeader.nfunc");
	if ((uintptr_t)slice(module, l->module.pclntable).data !=
	    header + gw_jit_get(h, l->header.pcln_offset))
		return differs("moduledata.pclntable or pcHeader.pclnOffset");
	if ((uintptr_t)slice(module, l->module.pctab).data !=
	    header + gw_jit_get(h, l->header.pctab_offset))
		return differs("moduledata.pctab or pcHeader.pctabOffset");
	if ((uintptr_t)slice(module, l->module.funcnametab).data !=
	    header + gw_jit_get(h, l->header.funcname_offset))
		return differs("moduledata.funcnametab or pcHeader.funcnameOffset");
	uintptr_t text = gw_jit_get(module, l->module.text);
	if (gw_jit_get(module, l->module.minpc) != text ||
	    gw_jit_get(module, l->module.etext) < gw_jit_get(module, l->module.maxpc))
		return differs("moduledata.text, etext, minpc or maxpc");
	if (l->header.text_start != GW_JIT_ABSENT && gw_jit_get(h, l->header.text_start) != text)
		return differs("pcHeader.textStart");
	if (known->pc < text || known->pc >= gw_jit_get(module, l->module.maxpc))
		return differs("this program's code is not in the first module");
	if (*(const uint8_t *)gw_jit_at(module, l->module.bad) != 0)
		return differs("moduledata.bad");
	if (!readable(gw_jit_get(module, l->module.findfunctab), 4))
		return differs("moduledata.findfunctab");
	struct gw_jit_found found;
	if (!gw_jit_find(l, module, known->pc, &found))
		return differs("a function of this program is not found");
	if (found.entry != known->entry || strcmp(found.name, known->name) != 0)
		return gw_fail(GW_EINVAL,
			       "the runtime's tables are not as they should be: %s at %#lx is "
			       "found for %s",
			       found.name, (unsigned long)found.entry, known->name);
	if (found.line != known->line || strcmp(found.file, known->file) != 0)
		return gw_fail(
			GW_EINVAL,
			"the runtime's tables are not as they should be: %s:%d is found for %s:%d",
			found.file, found.line, known->file, known->line);
	/* It has one parameter, a pointer, and pointers among its locals: both kinds of maps, as
	   many of either. */
	struct gw_jit_stackmap args, locals;
	if (!readable((uintptr_t)found.arg_map, 4) || !readable((uintptr_t)found.local_map, 4))
		return differs("moduledata.gofunc");
	memcpy(&args, found.arg_map, sizeof args);
	memcpy(&locals, found.local_map, sizeof locals);
	if (found.args != 8 || found.sp < 16 || found.sp % 8 != 0 || args.nbit != 1 ||
	    locals.nbit < 1 || locals.nbit > found.sp / 8 || args.n != locals.n || found.map < 0 ||
	    found.map >= args.n)
		return differs("moduledata.gofunc");
	return GW_OK;
}
