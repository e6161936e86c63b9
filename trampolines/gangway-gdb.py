"""For gdb: backtraces that go on from C to the Go functions which called it.

    (gdb) source trampolines/gangway-gdb.py
    (gdb) bt

A call of Gangway leaves the goroutine's stack for the thread's, and gdb does not find back. ccall (ccall_amd64.s) and the other
trampolines leave the position in g.sched, with the address of incall as the mark of a call that is under way. From there on the
frame pointers that all Go code has lead to its callers, those above a callback among them. Frames that this adds have no number.
The program must have its debug information.
"""

import gdb
from gdb.FrameDecorator import FrameDecorator

TRAMPOLINES = "github.com/gangwayffi/gangway/trampolines."
MOST = 200


def word(address):
    return int.from_bytes(gdb.selected_inferior().read_memory(address, 8).tobytes(), "little")


def symbol(pc):
    """The name of the function at pc, or None."""
    text = gdb.execute("info symbol %#x" % pc, to_string=True)
    return None if text.startswith("No symbol") else text.split(" ")[0]


def function(pc):
    """As gdb names it in a backtrace: symbol makes main[f] of main.f."""
    block = gdb.block_for_pc(pc)
    while block is not None and block.function is None:
        block = block.superblock
    return symbol(pc) if block is None else block.function.print_name


def entry(frame):
    """SP and BP on the goroutine's stack where the innermost call of Gangway left it, and that stack's end, if frame is the
    first that the call has on the thread's stack; else None."""
    try:
        # The trampoline, the core's functions between it and C, or code made for a signature, which has no name.
        name = symbol(frame.pc())
        if name is not None and not name.startswith(TRAMPOLINES) and not name.startswith("gw_"):
            return None
        g0 = word((int(frame.read_register("fs_base")) & (1 << 64) - 1) - 8)
        m = gdb.Value(g0).cast(gdb.lookup_type("runtime.g").pointer())["m"].dereference()
        g = m["curg"]
        if int(m["g0"]) != g0 or int(g) == 0:
            return None
        sched = g["sched"]
        if symbol(int(sched["pc"])) not in (TRAMPOLINES + "incall", TRAMPOLINES + "incall.abi0"):
            return None
        return int(sched["sp"]), int(sched["bp"]), int(g["stack"]["hi"])
    except gdb.error:
        return None


class GoFrame(FrameDecorator):
    """A Go function on the goroutine's stack; pc is a return address."""

    def __init__(self, base, pc):
        super().__init__(base)
        self.pc = pc
        self.name = function(pc - 1)
        self.sal = gdb.find_pc_line(pc - 1)

    def function(self):
        return self.name

    def address(self):
        return self.pc

    def filename(self):
        return self.sal.symtab.filename if self.sal.symtab else None

    def line(self):
        return self.sal.line if self.sal.symtab else None

    def frame_args(self):
        return None

    def frame_locals(self):
        return None


class Filter:
    def __init__(self):
        self.name = "gangway"
        self.priority = 100
        self.enabled = True
        gdb.frame_filters[self.name] = self

    def filter(self, frames):
        for frame in frames:
            found = entry(frame.inferior_frame())
            yield frame
            if found is None:
                continue
            sp, bp, hi = found
            pc = word(sp)
            for _ in range(MOST):
                go = GoFrame(frame, pc)
                if go.name is None:
                    break
                yield go
                if not sp <= bp < hi:  # the first function of the goroutine
                    break
                sp, pc, bp = bp + 16, word(bp + 8), word(bp)
            return


Filter()
