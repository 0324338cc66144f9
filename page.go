package gristmill

import (
	"encoding/base64"
	"encoding/json"
)

// Page asks for part of a list.
type Page struct {
	Limit int    // at most this many items; 0 means DefaultLimit
	Token string // from the former page's answer; "" means the beginning
}

// DefaultLimit and MaxLimit bound a page.
const (
	DefaultLimit = 100
	MaxLimit     = 1000
)

// Size returns the number of items to fetch.
func (p Page) Size() int {
	if p.Limit <= 0 {
		return DefaultLimit
	}
	return min(p.Limit, MaxLimit)
}

// EncodeToken turns the key of a page's last item into an opaque token.
func EncodeToken(key any) string {
	b, err := json.Marshal(key)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// DecodeToken reads a token made by EncodeToken into key. An empty token leaves
// key as it is; a token that we did not make is Invalid.
func DecodeToken(token string, key any) error {
	if token == "" {
		return nil
	}
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		err = json.Unmarshal(b, key)
	}
	if err != nil {
		return Errorf(Invalid, "page_token: %q is no page token of this list", token)
	}
	return nil
}
