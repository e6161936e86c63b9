//go:build !opener_gangway

package main

func own() {}
