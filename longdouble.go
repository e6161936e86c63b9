package gangway

import (
	"math"
	"math/bits"
)

// NewLongDouble returns x as a long double. It is exact.
func NewLongDouble(x float64) LongDouble {
	b := math.Float64bits(x)
	sign := b >> 63 << 15
	exponent := int(b >> 52 & 0x7ff)
	fraction := b & (1<<52 - 1)
	switch {
	case exponent == 0x7ff: // infinity, NaN
		return LongDouble{1<<63 | fraction<<11, sign | 0x7fff}
	case exponent == 0 && fraction == 0:
		return LongDouble{0, sign}
	case exponent == 0: // subnormal: a long double has room for its exponent
		shift := bits.LeadingZeros64(fraction)
		return LongDouble{fraction << uint(shift), sign | uint64(16383-1022+11-shift)}
	}
	return LongDouble{1<<63 | fraction<<11, sign | uint64(exponent-1023+16383)}
}

// Float64 returns the nearest float64, ties to even; an infinity when d is too large.
func (d LongDouble) Float64() float64 {
	sign := uint64(d.exponent) >> 15 & 1 << 63
	exponent := int(d.exponent & 0x7fff)
	switch {
	case exponent == 0x7fff:
		if d.mantissa<<1 != 0 {
			return math.NaN()
		}
		return math.Float64frombits(sign | 0x7ff<<52)
	case d.mantissa == 0:
		return math.Float64frombits(sign)
	}
	// d is mantissa * 2^(e-63). Leave as many bits as the float64 has room for.
	shift := bits.LeadingZeros64(d.mantissa)
	mantissa := d.mantissa << uint(shift)
	e := exponent - 16383 - shift
	if exponent == 0 {
		e++
	}
	keep := 53
	if e < -1022 {
		keep = 53 - (-1022 - e)
	}
	if keep < 0 {
		return math.Float64frombits(sign)
	}
	drop := uint(64 - keep)
	rounded, half := uint64(0), uint64(0)
	if drop < 64 {
		rounded = mantissa >> drop
	}
	half = 1 << (drop - 1)
	rest := mantissa
	if drop < 64 {
		rest = mantissa & (1<<drop - 1)
	}
	if rest > half || rest == half && rounded&1 == 1 {
		rounded++
	}
	x := math.Ldexp(float64(rounded), e-63+int(drop))
	return math.Copysign(x, 1-2*float64(sign>>63))
}
