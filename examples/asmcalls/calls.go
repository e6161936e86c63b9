package main

// The functions of calls_amd64.s. The prototypes are not only for the callers: they are the pointer maps.

func callDescribe(a int32, b float64, s string) (text string, ok bool)
func keepInArgument(slot *object) *object
func keepInCallee() *object
func hold(o *object) *object
func keepInLocal() uintptr
func newPair() (a, b *object)
func forgetResult() (a *object)

//go:noescape
func across(p *int64) (local, argument uintptr)

func sayNothing()
