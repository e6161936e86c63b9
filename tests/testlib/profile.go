package testlib

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
)

// A Sample of a CPU profile: the functions on the stack, the innermost first, and how often it was seen.
type Sample struct {
	Stack []string
	Count int64
}

// Samples reads a profile as package runtime/pprof writes it: profile.proto, as far as these tests need it.
func Samples(profile []byte) ([]Sample, error) {
	z, err := gzip.NewReader(bytes.NewReader(profile))
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	var table []string
	names := map[uint64]uint64{}       // function to string
	functions := map[uint64][]uint64{} // location to functions, the innermost first
	var samples [][2][]uint64          // locations, values
	err = fields(data, func(field int, number uint64, value []byte) error {
		switch field {
		case 2: // Sample
			var s [2][]uint64
			err := fields(value, func(field int, number uint64, value []byte) error {
				if field == 1 || field == 2 {
					return numbers(number, value, &s[field-1])
				}
				return nil
			})
			samples = append(samples, s)
			return err
		case 4: // Location
			var id uint64
			var lines []uint64
			err := fields(value, func(field int, number uint64, value []byte) error {
				switch field {
				case 1:
					id = number
				case 4: // Line
					return fields(value, func(field int, number uint64, _ []byte) error {
						if field == 1 {
							lines = append(lines, number)
						}
						return nil
					})
				}
				return nil
			})
			functions[id] = lines
			return err
		case 5: // Function
			var id, name uint64
			err := fields(value, func(field int, number uint64, _ []byte) error {
				switch field {
				case 1:
					id = number
				case 2:
					name = number
				}
				return nil
			})
			names[id] = name
			return err
		case 6:
			table = append(table, string(value))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var all []Sample
	for _, s := range samples {
		out := Sample{}
		for _, location := range s[0] {
			for _, f := range functions[location] {
				if n := names[f]; n < uint64(len(table)) {
					out.Stack = append(out.Stack, table[n])
				}
			}
		}
		if len(s[1]) > 0 {
			out.Count = int64(s[1][0])
		}
		all = append(all, out)
	}
	return all, nil
}

// fields calls f for every field of a protocol buffer message: number for a varint, value for bytes.
func fields(data []byte, f func(field int, number uint64, value []byte) error) error {
	for len(data) > 0 {
		key, n := binary.Uvarint(data)
		if n <= 0 {
			return fmt.Errorf("profile: bad key")
		}
		data = data[n:]
		number, n := binary.Uvarint(data)
		if n <= 0 {
			return fmt.Errorf("profile: bad number")
		}
		data = data[n:]
		var value []byte
		switch key & 7 {
		case 0:
		case 2:
			if number > uint64(len(data)) {
				return fmt.Errorf("profile: field beyond the end")
			}
			value, data = data[:number], data[number:]
		default:
			return fmt.Errorf("profile: wire type %d", key&7)
		}
		if err := f(int(key>>3), number, value); err != nil {
			return err
		}
	}
	return nil
}

// numbers appends a repeated integer field, packed or not.
func numbers(number uint64, value []byte, to *[]uint64) error {
	if value == nil {
		*to = append(*to, number)
		return nil
	}
	for len(value) > 0 {
		v, n := binary.Uvarint(value)
		if n <= 0 {
			return fmt.Errorf("profile: bad packed number")
		}
		*to = append(*to, v)
		value = value[n:]
	}
	return nil
}
