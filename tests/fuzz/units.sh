# What the fuzzer is made of: files of bridge/, of trampolines/ (_sysv.S) and of tests/fuzz/. For fuzz.sh and valgrind.sh.
core='arena auto call callback classify closure code emit gocallback gocode goexec goplan govalues host invoke parse rt_exit rt_init rt_thread signature
	status thunk type'
sysv='call closure crosscall1 invoke syscall'
fuzzer='execute fuzz_signature layout memory mutate record'
