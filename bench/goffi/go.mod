// A module of its own, so that Gangway's has no dependency.
module github.com/gangwayffi/gangway/bench/goffi

go 1.25

require (
	github.com/gangwayffi/gangway v0.0.0
	github.com/go-webgpu/goffi v0.4.0
)

replace github.com/gangwayffi/gangway => ../..
