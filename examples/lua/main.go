// Lua calls Go functions, whose errors are Lua's: lua_error jumps (longjmp) from the callback to where Lua catches it,
// which gangway.Then makes possible.
package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

const script = `
	local ok, err = pcall(root, -4)
	print_line(ok, err)
	print_line(pcall(root, 16))
	-- Through Go and Lua again: an error passes all of it.
	print_line(pcall(run, "return root(9)"))
	print_line(pcall(run, "root(-1)"))
	local sum = 0
	for i = -1000, 1000 do
		local ok, r = pcall(root, i)
		if ok then sum = sum + r else sum = sum - 1 end
	end
	return math.floor(sum)`

func run(out io.Writer) error {
	s, err := NewState()
	if err != nil {
		return err
	}
	defer s.Close()
	for name, fn := range map[string]Function{
		"root": func(args []any) (any, error) {
			x, ok := args[0].(float64)
			if !ok || x < 0 {
				return nil, fmt.Errorf("no root of %v", args[0])
			}
			return math.Sqrt(x), nil
		},
		"print_line": func(args []any) (any, error) {
			_, err := fmt.Fprintln(out, args...)
			return nil, err
		},
		"run": func(args []any) (any, error) {
			code, ok := args[0].(string)
			if !ok {
				return nil, errors.New("no code")
			}
			results, err := s.Run(code)
			if err != nil {
				return nil, fmt.Errorf("within: %w", err)
			}
			return fmt.Sprint(results...), nil
		},
	} {
		if err := s.Register(name, fn); err != nil {
			return err
		}
	}
	results, err := s.Run(script)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, results...)
	_, err = s.Run("root(-2)")
	fmt.Fprintln(out, "an error that nobody catches:", err)
	return nil
}

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "lua:", err)
		os.Exit(1)
	}
}
