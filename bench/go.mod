// A module of its own: users' modules do not hold it.
module github.com/gangwayffi/gangway/bench

go 1.19

require github.com/gangwayffi/gangway v0.0.0

replace github.com/gangwayffi/gangway => ../
