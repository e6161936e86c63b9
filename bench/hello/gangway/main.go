// The hello of the build rows: it calls libm, with Gangway.
package main

import (
	"fmt"

	"github.com/gangwayffi/gangway"
)

func main() {
	lib, err := gangway.Open("libm.so.6")
	if err != nil {
		panic(err)
	}
	cos := gangway.MustFunc[func(x float64) float64](lib, "cos")
	fmt.Printf("hello, cos(1) = %.4f\n", cos(1))
}
