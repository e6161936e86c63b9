//go:build !cgo

// Program archive is a library for a C program: not without cgo.
package main

func main() {}
