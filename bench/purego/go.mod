// A module of its own, so that Gangway's has no dependency.
module github.com/gangwayffi/gangway/bench/purego

go 1.25.0

require (
	github.com/ebitengine/purego v0.11.3
	github.com/gangwayffi/gangway v0.0.0
)

replace github.com/gangwayffi/gangway => ../..
