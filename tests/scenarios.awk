# Makes doc/scenarios.md of tests/scenarios/list.txt. Variables: header and rule of the tables; columns, files of lines
# "PACKAGE:TEST VERDICT", two for each Go release, cgo off and on. Without columns it leaves the results out.
BEGIN {
	FS = " *\\| *"
	n = split(columns, file, " ")
	for (i = 1; i <= n; i++)
		while ((getline line < file[i]) > 0) {
			split(line, part, " ")
			verdict[i, part[1]] = part[2]
		}
	print "# What cgo survives"
	print ""
	print "Go's own tests for cgo are the list of what its users rely on. Each line says where Go tests a scenario, where Gangway does"
	print "(packages below `tests/`), and how that went on each release of Go, with cgo off / on: `ok`; `-` when the test does not apply"
	print "there and says why (`go test -v`); `FAIL`. Programs that are built in a special way say themselves whether cgo is on, and are"
	print "played once, under `cgo off`. Written by `tests/scenarios.sh` from runs of the tests; the rows come from"
	print "`tests/scenarios/list.txt`, and `tests/scenarios_table.sh` checks that they miss no test of the Go release at hand."
}
/^#/ || /^$/ { next }
/^= / {
	print ""
	print "## " substr($0, 3)
	print ""
	print header
	print rule
	next
}
{
	row = "| " $1 " | " ($2 == "" ? "" : $2) " | "
	if ($3 ~ /^cannot apply/) {
		row = row $3 " |"
		for (i = 1; i <= n; i += 2)
			row = row " |"
		print row
		next
	}
	m = split($3, test, " ")
	for (k = 1; k <= m; k++)
		row = row (k > 1 ? ", " : "") test[k]
	row = row " |"
	for (i = 1; i <= n; i++) {
		result = "ok"
		ran = 0
		for (k = 1; k <= m; k++) {
			v = verdict[i, test[k]]
			# A test that is left out as a whole says nothing of its parts.
			whole = test[k]
			sub("/.*", "", whole)
			package = test[k]
			sub(":.*", "", package)
			if (v == "" && (verdict[i, whole] == "SKIP" || verdict[i, package ":*"] == "SKIP"))
				v = "SKIP"
			if (v == "PASS")
				ran = 1
			else if (v != "SKIP")
				result = "FAIL"
		}
		if (result == "ok" && !ran)
			result = "-"
		row = row (i % 2 ? " " result " / " : result " |")
	}
	print row
}
