// Package web is planted: a guest in the wrong room.
package web

import _ "github.com/jackc/pgx/v5"
