//go:build !cgo

// Program second is a plugin: not without cgo.
package main

func main() {}
