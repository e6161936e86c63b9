//go:build !cgo

// Package cgoexport mixes cgo and Gangway in one call stack. With cgo off there is nothing to mix.
package cgoexport
