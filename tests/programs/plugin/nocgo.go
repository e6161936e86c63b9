//go:build !cgo

// Program plugin is a plugin: not without cgo.
package main

func main() {}
