// The hello of the build rows without C: what Go itself takes.
package main

import (
	"fmt"
	"math"
)

func main() {
	fmt.Printf("hello, cos(1) = %.4f\n", math.Cos(1))
}
