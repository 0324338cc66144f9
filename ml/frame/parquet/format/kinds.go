package format

import "fmt"

// Error says why a file has no metadata that can be read.
type Error struct{ Msg string }

// Error returns the sentence.
func (e *Error) Error() string { return e.Msg }

// Encrypted is the error of files that only a key opens.
func Encrypted() error {
	return &Error{Msg: "the file is encrypted; write it without encryption"}
}

// Damaged is the error of bytes that are no valid Parquet.
func Damaged(form string, args ...any) error {
	return &Error{Msg: "the file is damaged: " + fmt.Sprintf(form, args...)}
}

// The members of the union of logical types.
const (
	LogicalString    = 1
	LogicalMap       = 2
	LogicalList      = 3
	LogicalEnum      = 4
	LogicalDecimal   = 5
	LogicalDate      = 6
	LogicalTime      = 7
	LogicalTimestamp = 8
	LogicalInteger   = 10
	LogicalNull      = 11
	LogicalJSON      = 12
	LogicalUUID      = 14
	LogicalFloat16   = 15
)

// The members of the older enumeration of what values mean.
const (
	ConvertedUTF8       = 0
	ConvertedEnum       = 4
	ConvertedDecimal    = 5
	ConvertedDate       = 6
	ConvertedTimeMillis = 7
	ConvertedTimeMicros = 8
	ConvertedMillis     = 9
	ConvertedMicros     = 10
	ConvertedUint8      = 11
	ConvertedUint64     = 14
	ConvertedInt8       = 15
	ConvertedInt64      = 18
	ConvertedJSON       = 19
)
