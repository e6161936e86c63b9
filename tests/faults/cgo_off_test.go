//go:build !cgo

package faults_test

const withCgo = false
