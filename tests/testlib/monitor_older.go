//go:build !go1.26

package testlib

func boundMonitor() {}
