//go:build !cgo

// Program opener opens plugins: not without cgo.
package main

func main() {}
