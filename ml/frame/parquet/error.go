package parquet

import (
	"errors"
	"fmt"
	"strconv"

	"gristmill/ml/frame"
	"gristmill/ml/frame/parquet/format"
)

// Error says what makes a file no table that can be read, and where.
type Error struct {
	Column string // the column's name; "": none in particular
	Group  int    // 1-based row group; 0: none in particular
	Msg    string // what is wrong and what is expected or to be done
	Err    error  // the cause, may be nil

	whole bool // it is about the file, wherever it was noticed
}

// Error renders place and message: `column "age", row group 2: ...`.
func (e *Error) Error() string {
	place := ""
	if e.Column != "" {
		place = "column " + strconv.Quote(frame.Shorten(e.Column))
	}
	if e.Group > 0 {
		if place != "" {
			place += ", "
		}
		place += "row group " + strconv.Itoa(e.Group)
	}
	if place != "" {
		place += ": "
	}
	return place + e.Msg
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// damaged is the error of bytes that are no valid Parquet.
func damaged(form string, args ...any) error { return own(format.Damaged(form, args...)) }

// own turns an error of the metadata into one of a file.
func own(err error) error {
	var e *format.Error
	if errors.As(err, &e) {
		return &Error{Msg: e.Msg}
	}
	return err
}

// at completes an error with its place.
func at(err error, column string, group int) error {
	if err == nil {
		return nil
	}
	err = own(err)
	var e *Error
	if !errors.As(err, &e) {
		return fmt.Errorf("read parquet column %q: %w", column, err)
	}
	if e.Column == "" && !e.whole {
		e.Column, e.Group = column, group
	}
	return e
}

// guarded runs f and turns a panic, which only a mistake of ours or of a codec
// on damaged bytes can raise, into an error.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &Error{Msg: "the file is damaged: its values cannot be decoded", Err: fmt.Errorf("panic: %v", p)}
		}
	}()
	return own(f())
}
