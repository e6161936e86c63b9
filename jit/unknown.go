//go:build (go1.20 && !go1.21) || go1.28

package jit

// No layout file covers this Go release: nothing is registered, and the offsets are not used.
const layoutGo = ""

const (
	moduledata_sizeof, moduledata_pcHeader, moduledata_funcnametab, moduledata_cutab = 0, 0, 0, 0
	moduledata_filetab, moduledata_pctab, moduledata_pclntable, moduledata_ftab      = 0, 0, 0, 0
	moduledata_findfunctab, moduledata_minpc, moduledata_maxpc, moduledata_text      = 0, 0, 0, 0
	moduledata_etext, moduledata_gofunc, moduledata_bad, moduledata_next             = 0, 0, 0, 0
	pcHeader_sizeof, pcHeader_nfunc, pcHeader_textStart, pcHeader_funcnameOffset     = 0, 0, 0, 0
	pcHeader_pctabOffset, pcHeader_pclnOffset, func_sizeof, func_entryOff            = 0, 0, 0, 0
	func_nameOff, func_args, func_pcsp, func_pcfile, func_pcln, func_npcdata         = 0, 0, 0, 0, 0, 0
	func_cuOffset, func_startLine, func_nfuncdata                                    = 0, 0, 0
	functab_sizeof, functab_entryoff, functab_funcoff                                = 8, 0, 4
	findfuncbucket_sizeof, findfuncbucket_idx, findfuncbucket_subbuckets             = 20, 0, 4
	stackmap_n, stackmap_nbit, stackmap_bytedata                                     = 0, 4, 8
	g_stackguard0                                                                    = 16
)
