module github.com/gangwayffi/gangway

go 1.19
