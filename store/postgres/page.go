package postgres

import "gristmill"

// fetch returns how many rows to read for a page: one more than it has, which
// tells whether another page follows.
func fetch(page gristmill.Page) int32 { return int32(page.Size()) + 1 }

// cut returns the rows of the page, and the token of the next one made from the
// key of the last row, or "" if no row follows.
func cut[T any](rows []T, page gristmill.Page, key func(T) any) ([]T, string) {
	if len(rows) <= page.Size() {
		return rows, ""
	}
	rows = rows[:page.Size()]
	return rows, gristmill.EncodeToken(key(rows[len(rows)-1]))
}
