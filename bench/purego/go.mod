// A module of its own, so that the benchmark's has no dependency that has to be fetched.
module github.com/gangwayffi/gangway/bench/purego

go 1.25.0

require (
	github.com/ebitengine/purego v0.11.3
	github.com/gangwayffi/gangway/bench v0.0.0
)

require github.com/gangwayffi/gangway v0.0.0 // indirect

replace (
	github.com/gangwayffi/gangway => ../..
	github.com/gangwayffi/gangway/bench => ..
)
