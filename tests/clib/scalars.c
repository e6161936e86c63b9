/* One function for each scalar type, and functions with many arguments. Compiled by gcc: what a C
   compiler takes the calling convention to be. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IDENTITY(name, type)                                                                       \
	type gt_id_##name(type x);                                                                 \
	type gt_id_##name(type x)                                                                  \
	{                                                                                          \
		return x;                                                                          \
	}

IDENTITY(bool, bool)
IDENTITY(i8, int8_t)
IDENTITY(u8, uint8_t)
IDENTITY(i16, int16_t)
IDENTITY(u16, uint16_t)
IDENTITY(i32, int32_t)
IDENTITY(u32, uint32_t)
IDENTITY(i64, int64_t)
IDENTITY(u64, uint64_t)
IDENTITY(long, long)
IDENTITY(ulong, unsigned long)
IDENTITY(size, size_t)
IDENTITY(float, float)
IDENTITY(double, double)
IDENTITY(pointer, void *)

void gt_noop(void)
{
}

int32_t gt_add(int32_t a, int32_t b)
{
	return (int32_t)((uint32_t)a + (uint32_t)b);
}

double gt_fma(double a, double b, double c)
{
	return a * b + c;
}

/* Each argument has a weight of its own, so that two that change places show. */
int64_t gt_ints6(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, int64_t f)
{
	return a + 3 * b + 5 * c + 7 * d + 11 * e + 13 * f;
}

double gt_doubles8(double a, double b, double c, double d, double e, double f, double g, double h)
{
	return a + 3 * b + 5 * c + 7 * d + 11 * e + 13 * f + 17 * g + 19 * h;
}

float gt_floats8(float a, float b, float c, float d, float e, float f, float g, float h)
{
	return a + 3 * b + 5 * c + 7 * d + 11 * e + 13 * f + 17 * g + 19 * h;
}

double gt_mixed14(int32_t i0, double d0, int64_t i1, float f1, uint8_t i2, double d2, int16_t i3,
		  float f3, void *i4, double d4, bool i5, float f5, double d6, float f7)
{
	return i0 + 3 * d0 + 5.0 * (double)i1 + 7 * f1 + 11.0 * i2 + 13 * d2 + 17.0 * i3 + 19 * f3 +
	       23.0 * (double)(intptr_t)i4 + 29 * d4 + 31.0 * i5 + 37 * f5 + 41 * d6 + 43 * f7;
}

/* Four integers and four floats more than registers hold, narrow ones among those on the stack. */
double gt_mixed22(int64_t i0, double f0, int64_t i1, double f1, int64_t i2, double f2, int64_t i3,
		  double f3, int64_t i4, double f4, int64_t i5, double f5, int8_t i6, double f6,
		  uint16_t i7, double f7, int32_t i8, float f8, bool i9, double f9, float f10,
		  double f11)
{
	return (double)i0 + 2 * f0 + 3.0 * (double)i1 + 5 * f1 + 7.0 * (double)i2 + 11 * f2 +
	       13.0 * (double)i3 + 17 * f3 + 19.0 * (double)i4 + 23 * f4 + 29.0 * (double)i5 +
	       31 * f5 + 37.0 * i6 + 41 * f6 + 43.0 * i7 + 47 * f7 + 53.0 * i8 + 59 * f8 +
	       61.0 * i9 + 67 * f9 + 71 * f10 + 73 * f11;
}

int32_t gt_variable = 4711;
