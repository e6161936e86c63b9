# What the fuzzer is made of: files of bridge/, of trampolines/ (_sysv.S) and of tests/fuzz/. For fuzz.sh and valgrind.sh.
core='arena auto call callback callcode classify closure closurecode code emit fficall gocallback gocode goexec goplan govalues host invoke parse rt_exit rt_init rt_thread signature
	status thunk type'
sysv='call crosscall1 generated syscall'
fuzzer='execute fuzz_signature layout memory mutate record'
