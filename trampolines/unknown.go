//go:build go1.28

package trampolines

// No layout file covers this Go release: it takes the safe road, which uses no offsets. The code is assembled all the
// same.
const (
	layoutKnown              = false
	layoutGo                 = ""
	checkmarkStopsPreemption = true
)

const (
	g_stack_lo, g_stack_hi, g_stackguard0, g_m, g_sched_sp, g_sched_pc      = 0, 8, 16, 0, 0, 0
	g_sched_bp, g_syscallsp, g_syscallpc, g_goid, g_schedlink, g_waitsince  = 0, 0, 0, 0, 0, 0
	g_lockedm, m_g0, m_gsignal, m_curg, m_incgo, m_isExtraInC               = 0, 0, 0, 0, 0, -1
	m_ncgo, m_cgoCallers, m_lockedExt, m_lockedInt, m_lockedg, m_preemptGen = 0, 0, 0, 0, 0, 0
	m_signalPending                                                         = 0
)
